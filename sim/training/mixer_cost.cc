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
// Backward pass of state-space layers over what its products and streams would take. Its ten Triton
// kernels (mamba_ssm, ops/triton/ssd_combined.py) work on small tiles and compute decays, states
// and convolution again in each. From training of a 1.4B Mamba-2 (48 layers of 2,048, batches of 4
// x 4,096): 102.5 TFLOP/s on A100, 239.2 on H200, 360.4 on GB200 (state-spaces/mamba, issue 904;
// 6 flops a parameter and token). Less products, norms, loss head, optimizer and the forward pass,
// which is as modelled (H100: 77 against 70 ns a token, vllm-project/vllm, pull request 27299),
// that is 3.8, 4.7 and 6.1 times what stands here without it.
constexpr double kStateSpaceBackward = 4.7;

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
  if (spec.model->recurrence->rule == RecurrenceRule::kStateSpace) {
    // What is beyond the products does not keep the matrix units busy.
    kernels.memory += (kernels.matrix + kernels.memory) * (kStateSpaceBackward - 1.0);
  }
  return kernels;
}

// Where scores are stored, those of entries that are not chosen are, too, and masked.
AttentionShape CoreOf(const TrainingSpec& spec, const LayerOperators& operators) {
  AttentionShape core = operators.attention;
  const bool chooses = spec.model->index && spec.model->latent;
  if (chooses && !IsFlash(spec.stack->attention)) core.kv_tokens = core.query_tokens;
  return core;
}

// A kernel that never stores the scores (DeepSeek-V3.2), tiled as flash attention without values.
bool HasIndex(const LayerOperators& operators) { return operators.index.heads > 0; }

}  // namespace

PassKernels MixerForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                         const LayerOperators& operators) {
  PassKernels kernels = AttentionForward(spec, hardware, CoreOf(spec, operators));
  if (HasIndex(operators)) Accumulate(kernels, AttentionForward(spec, hardware, operators.index));
  if (!operators.recurrence.products.empty()) {
    Accumulate(kernels, RecurrenceForward(spec, hardware, operators.recurrence));
  }
  return kernels;
}

PassKernels MixerBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                          const LayerOperators& operators) {
  PassKernels kernels = AttentionBackward(spec, hardware, CoreOf(spec, operators));
  if (HasIndex(operators)) Accumulate(kernels, AttentionBackward(spec, hardware, operators.index));
  if (!operators.recurrence.products.empty()) {
    Accumulate(kernels, RecurrenceBackward(spec, hardware, operators.recurrence));
  }
  return kernels;
}

}  // namespace fleetsim
