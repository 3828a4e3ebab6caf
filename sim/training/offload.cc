#include "sim/training/offload.h"

#include "sim/parallel/memory.h"
#include "sim/training/fit.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

// Adam on FP32 states: master copy and two moments in and out, gradient in, 16-bit weight out.
constexpr double kHostOptimizerBytes = 3 * 8 + 4 + 2;

// Beside `pass` runs a copy of `time`.
void AddCopy(Seconds time, Work& pass) {
  Add(pass, Part::kOther, Activity::kIdle, Max(Seconds(0.0), time - pass.duration));
}

}  // namespace

void AddOffload(const TrainingSpec& spec, const WorkerHardware& hardware, int layer, Work& forward,
                Work& backward) {
  const double share = spec.strategy.activation_offload;
  if (share <= 0.0 || layer >= spec.model->layers) return;
  const Bytes kept = LayerActivations(QuestionOf(spec), layer) * share;
  AddCopy(kept / hardware.host_link, forward);
  AddCopy(kept / hardware.host_link, backward);
}

void AddHostOptimizer(const TrainingSpec& spec, const WorkerHardware& hardware, double parameters,
                      Work& optimizer) {
  if (parameters <= 0.0) return;
  const Bytes gradients(parameters * spec.stack->gradient_bytes);
  const Bytes weights(parameters * spec.stack->weight_bytes);
  const BytesPerSecond memory = hardware.host_memory * spec.stack->host_optimizer_share;
  Add(optimizer, Part::kOptimizer, Activity::kIdle,
      gradients / hardware.host_link + Bytes(parameters * kHostOptimizerBytes) / memory +
          weights / hardware.host_link);
}

}  // namespace fleetsim
