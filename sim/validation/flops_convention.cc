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
  // ArcticTraining (flops_counter.py): 6 flops a parameter, embedding included. That attention
  // counts once, as causal, and no recomputation follows from the rows: by any other of its
  // conventions the long sequences would run at half the speed of the kernels, on both boards.
  if (measured.family == "ml-engineering") {
    const TokenFlops forward = ForwardFlopsPerToken(*spec.model, length, AttentionCount::kCausal);
    return SixNFlopsPerToken(*spec.model) + 3.0 * forward.attention_core;
  }
  return std::nullopt;
}

}  // namespace fleetsim
