#include "sim/training/attention_cost.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/model/operators.h"
#include "sim/training/context_methods.h"
#include "sim/training/ring_attention.h"

namespace fleetsim {
namespace {

// The library's batched products use matrix units only where each head starts at a multiple of 16
// bytes (cuBLAS documentation, "Tensor Core Usage"); others run at FP32 rate.
DataType BatchedFormat(const TrainingSpec& spec, const WorkerHardware& hardware,
                       const AttentionShape& shape) {
  constexpr double kAlignment = 16;
  const double head =
      std::min(shape.head_dim, shape.value_dim) * ElementBytes(spec.WidePrecision());
  const bool has_fp32 = hardware.device.accelerator->Peak(DataType::kFp32).value() > 0.0;
  const bool aligned = std::fmod(head, kAlignment) == 0.0;
  return aligned || !has_fp32 ? spec.WidePrecision() : DataType::kFp32;
}

// Scores of sparse attention without a kernel of its own are 32-bit products of widened operands
// (Megatron-LM, experimental_attention_variant/dsa.py, unfused_dsa_fn).
DataType ScoresFormat(const TrainingSpec& spec, const WorkerHardware& hardware,
                      const AttentionShape& shape) {
  const bool has_fp32 = hardware.device.accelerator->Peak(DataType::kFp32).value() > 0.0;
  return spec.model->index && has_fp32 ? DataType::kFp32 : BatchedFormat(spec, hardware, shape);
}

struct BatchedProduct {
  GemmShape shape;
  DataType format;
};

// Scores, and values where there are any: an indexer has none.
std::vector<BatchedProduct> BatchedProducts(const TrainingSpec& spec,
                                            const WorkerHardware& hardware,
                                            const AttentionShape& shape) {
  std::vector<BatchedProduct> products = {{ScoresGemm(shape), ScoresFormat(spec, hardware, shape)}};
  if (shape.value_dim > 0) {
    products.push_back({ValuesGemm(shape), BatchedFormat(spec, hardware, shape)});
  }
  return products;
}

// The attention core where scores are stored: two batched products and what lies between.
PassKernels UnfusedForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const AttentionShape& shape) {
  const double score_bytes = ScoreElements(shape) * spec.stack->forward_traffic.score;
  PassKernels kernels;
  for (const BatchedProduct& product : BatchedProducts(spec, hardware, shape)) {
    kernels.matrix += GemmTime(hardware.device, product.format, product.shape);
  }
  kernels.memory = Stream(hardware, score_bytes, 2);
  return kernels;
}

PassKernels UnfusedBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& shape) {
  PassKernels kernels;
  for (const BatchedProduct& product : BatchedProducts(spec, hardware, shape)) {
    kernels.matrix += GemmTime(hardware.device, product.format, InputGradient(product.shape)) +
                      GemmTime(hardware.device, product.format, WeightGradient(product.shape));
  }
  const double score_bytes = ScoreElements(shape) * spec.stack->backward_traffic.score;
  kernels.memory = Stream(hardware, score_bytes, 2);
  return kernels;
}

PassKernels KernelsOf(const RingPass& ring) {
  return {.attention = ring.attention,
          .memory = ring.memory,
          .exposed = ring.exposed,
          .hidden = ring.hidden,
          .nic_bytes = ring.nic_bytes};
}

PassKernels DividedForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const AttentionShape& core) {
  switch (spec.strategy.context_method) {
    case ContextMethod::kUlysses:
      return UlyssesForward(spec, hardware, core);
    case ContextMethod::kAllGather:
      return GatheredForward(spec, hardware, core);
    case ContextMethod::kRing:
      break;
  }
  return KernelsOf(RingForward(spec, hardware, core));
}

PassKernels DividedBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& core) {
  switch (spec.strategy.context_method) {
    case ContextMethod::kUlysses:
      return UlyssesBackward(spec, hardware, core);
    case ContextMethod::kAllGather:
      return GatheredBackward(spec, hardware, core);
    case ContextMethod::kRing:
      break;
  }
  return KernelsOf(RingBackward(spec, hardware, core));
}

}  // namespace

// `kernels` equal streaming kernels that move `bytes` together.
Seconds Stream(const WorkerHardware& hardware, double bytes, double kernels) {
  if (bytes <= 0.0) return Seconds(0.0);
  return StreamTime(hardware.device, Bytes(bytes / kernels)) * kernels;
}

PassKernels AttentionForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                             AttentionShape core) {
  if (core.heads == 0) return {};
  if (!IsFlash(spec.stack->attention)) return UnfusedForward(spec, hardware, core);
  if (spec.strategy.context > 1) return DividedForward(spec, hardware, core);
  core.generation = spec.stack->attention;
  return {.attention = FlashAttentionForward(hardware.device, spec.AttentionPrecision(), core)};
}

PassKernels AttentionBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                              AttentionShape core) {
  if (core.heads == 0) return {};
  if (!IsFlash(spec.stack->attention)) return UnfusedBackward(spec, hardware, core);
  if (spec.strategy.context > 1) return DividedBackward(spec, hardware, core);
  core.generation = spec.stack->attention;
  return {.attention = FlashAttentionBackward(hardware.device, spec.AttentionPrecision(), core)};
}

}  // namespace fleetsim
