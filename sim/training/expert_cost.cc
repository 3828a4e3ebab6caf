#include "sim/training/expert_cost.h"

#include "sim/training/attention_cost.h"

namespace fleetsim {
namespace {

constexpr double kActivationBytes = 2.0;
// Sorting by expert before the exchange, by local expert after it, and both undone.
constexpr double kPermutationKernels = 4.0;

}  // namespace

double TensorReducedBlocks(const TrainingSpec& spec, int layer) {
  if (!HasExperts(*spec.model, layer)) return 2.0;
  return spec.model->experts->shared > 0 ? 2.0 : 1.0;
}

Communication ExpertTensorTime(const TrainingSpec& spec, const WorkerHardware& hardware,
                               const LayerOperators& operators) {
  const int ranks = spec.strategy.expert_tensor;
  if (ranks == 1 || operators.received_elements == 0.0) return {};
  const Bytes bytes(operators.received_elements * kActivationBytes);
  const auto collective = [&](CollectiveKind kind) {
    // Ranks of several hosts are all the tensor ranks, see Place.
    return ranks > hardware.links.domain_accelerators
               ? TimeOf(spec, hardware, {RankGroup::kTensor, kind, bytes})
               : Communication{LocalCollectiveTime(kind, ranks, bytes, hardware.links), {}};
  };
  return collective(CollectiveKind::kAllGather) + collective(CollectiveKind::kReduceScatter);
}

Seconds PermutationTime(const TrainingSpec& spec, const WorkerHardware& hardware,
                        const LayerOperators& operators, bool backward) {
  if (operators.received_elements == 0.0) return Seconds(0.0);
  const double bytes =
      backward ? spec.stack->permute_traffic_backward : spec.stack->permute_traffic_forward;
  return Stream(hardware, operators.received_elements * bytes, kPermutationKernels);
}

}  // namespace fleetsim
