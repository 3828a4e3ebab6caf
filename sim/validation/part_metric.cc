#include "sim/validation/part_metric.h"

#include "sim/training/fit.h"
#include "sim/training/layer_cost.h"
#include "sim/training/step.h"

namespace fleetsim {
namespace {

constexpr double kMilli = 1e3;

double RelativeActivations(const TrainingSpec& spec) {
  TrainingSpec plain = spec;
  plain.recompute = Recompute::kNone;
  plain.strategy.sequence_parallel = false;
  return MemoryOf(spec).activations / MemoryOf(plain).activations;
}

}  // namespace

absl::StatusOr<std::optional<double>> SimulatedPartMetric(const TrainingSpec& spec,
                                                          const Fleet& fleet,
                                                          const Catalog& catalog,
                                                          const std::string& metric) {
  constexpr double kPercent = 100.0;
  if (metric == "activation_memory_rel") return kPercent * RelativeActivations(spec);
  const bool forward = metric == "layer_forward_time";
  if (!forward && metric != "layer_backward_time") return std::nullopt;
  ASSIGN_OR_RETURN(
      const WorkerHardware hardware,
      HardwareOf(fleet.leaves.front(), catalog, spec.LinearFormat(), spec.stack->year));
  const int layer = spec.model->layers / 2;
  const Work work = forward ? LayerForward(spec, hardware, layer, Part::kForward)
                            : LayerBackward(spec, hardware, layer);
  return work.duration.value() * kMilli;
}

}  // namespace fleetsim
