#include "sim/training/mixer_cost.h"

namespace fleetsim {
namespace {

constexpr double kActivationBytes = 2.0;
// States at the ends of chunks are 32-bit until the recurrence over chunks has passed them on
// (mamba_ssm, ops/triton/ssd_combined.py): written in 4 bytes instead of a product's 2, read in 4
// and written in 2 by the recurrence.
constexpr double kStateBytes = 8.0;
// Convolution, gate with norm, recurrence over chunks.
constexpr double kRecurrenceKernels = 3.0;
// The backward pass reads the gradient beside each operand and writes one for each.
constexpr double kBackwardPasses = 2.0;

void Accumulate(PassKernels& sum, const PassKernels& more) {
  sum.matrix += more.matrix;
  sum.attention += more.attention;
  sum.memory += more.memory;
  sum.exposed += more.exposed;
  sum.hidden += more.hidden;
  sum.nic_bytes += more.nic_bytes;
}

Seconds RecurrenceStreams(const WorkerHardware& hardware, const RecurrenceOperators& recurrence) {
  return Stream(
      hardware,
      recurrence.passed_elements * kActivationBytes + recurrence.state_elements * kStateBytes,
      kRecurrenceKernels);
}

PassKernels RecurrenceForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                              const RecurrenceOperators& recurrence) {
  PassKernels kernels;
  for (const ChunkProduct& product : recurrence.products) {
    kernels.matrix += GemmTime(hardware.device, spec.WidePrecision(), product.shape);
  }
  kernels.memory = RecurrenceStreams(hardware, recurrence);
  return kernels;
}

PassKernels RecurrenceBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                               const RecurrenceOperators& recurrence) {
  PassKernels kernels;
  const DataType format = spec.WidePrecision();
  for (const ChunkProduct& product : recurrence.products) {
    kernels.matrix += GemmTime(hardware.device, format, InputGradient(product.shape)) +
                      GemmTime(hardware.device, format, WeightGradient(product.shape));
    if (product.again) kernels.matrix += GemmTime(hardware.device, format, product.shape);
  }
  kernels.memory = RecurrenceStreams(hardware, recurrence) * kBackwardPasses;
  return kernels;
}

// A kernel that never stores the scores (DeepSeek-V3.2), tiled as flash attention without values.
bool HasIndex(const LayerOperators& operators) { return operators.index.heads > 0; }

}  // namespace

PassKernels MixerForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                         const LayerOperators& operators) {
  PassKernels kernels = AttentionForward(spec, hardware, operators.attention);
  if (HasIndex(operators)) Accumulate(kernels, AttentionForward(spec, hardware, operators.index));
  if (!operators.recurrence.products.empty()) {
    Accumulate(kernels, RecurrenceForward(spec, hardware, operators.recurrence));
  }
  return kernels;
}

PassKernels MixerBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                          const LayerOperators& operators) {
  PassKernels kernels = AttentionBackward(spec, hardware, operators.attention);
  if (HasIndex(operators)) Accumulate(kernels, AttentionBackward(spec, hardware, operators.index));
  if (!operators.recurrence.products.empty()) {
    Accumulate(kernels, RecurrenceBackward(spec, hardware, operators.recurrence));
  }
  return kernels;
}

}  // namespace fleetsim
