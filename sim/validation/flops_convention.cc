#include "sim/validation/flops_convention.h"

#include "absl/strings/match.h"
#include "sim/model/flops.h"

namespace fleetsim {

std::optional<Flops> ReportedFlopsPerToken(const MeasuredCase& measured, const TrainingSpec& spec) {
  const double length = spec.sequence_length;
  // Megatron-Bridge (training/utils/flop_utils.py) halves causal attention: its tables state tokens
  // and TFLOP/s of the same runs.
  if (absl::StartsWith(measured.family, "nvidia-bridge")) {
    return ModelFlopsPerToken(*spec.model, length, AttentionCount::kCausal, spec.trainable);
  }
  // ArcticTraining (flops_counter.py): 8 flops a parameter, embedding included, and the full square
  // of attention four times, where layers are computed again.
  if (measured.family == "ml-engineering") {
    const TokenFlops forward =
        ForwardFlopsPerToken(*spec.model, length, AttentionCount::kFullSquare);
    const double passes = spec.recompute == Recompute::kFull ? 4.0 : 3.0;
    return (forward.products + forward.attention_core + 2.0 * forward.head) * passes;
  }
  return std::nullopt;
}

}  // namespace fleetsim
