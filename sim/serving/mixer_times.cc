#include "sim/serving/mixer_times.h"

#include <algorithm>

#include "sim/model/operators.h"
#include "sim/model/sequence_state.h"

namespace fleetsim {
namespace {

constexpr double kWideBytes = 2;
// States are kept in 32 bits (SGLang --mamba-ssm-dtype, vLLM mamba_ssm_cache_dtype of the published
// configurations). Those at the ends of chunks are written, read and written again in 16 bits.
constexpr double kStateBytes = 4;
constexpr double kChunkStateBytes = 8;
// Convolution, gate with norm, recurrence over chunks.
constexpr double kChunkKernels = 3;
// Split of the projections, convolution, update of the state, gate with norm, and the projection of
// decays and strengths, a product of its own (SGLang, python/sglang/srt/models/qwen3_next.py).
constexpr double kUpdateKernels = 5;
// Beside the scores: rotation and Hadamard transform of queries and keys, rounding of both to FP8,
// weights of the heads, choice of the best (DeepSeek-V3.2-Exp, inference/model.py, Indexer).
constexpr double kIndexKernels = 6;
constexpr double kScoreBytes = 4 + 4;        // written, and read by the choice
constexpr double kIndexKeyBytes = 1 + 0.03;  // FP8 with a 32-bit scale for each 128

int FirstRecurrent(const Architecture& model) {
  int layer = 0;
  while (KindOf(model, layer).mixer != Mixer::kRecurrence) ++layer;
  return layer;
}

Seconds StartUps(const Device& device, double kernels) {
  return device.kernels->stream_start_up * kernels;
}

}  // namespace

KernelTimes PromptRecurrenceTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                  double tokens) {
  const Device& device = hardware.device;
  const RecurrenceOperators work =
      ChunkedRecurrence(*spec.model->recurrence, tokens, spec.layout.tensor);
  const ProductFormat wide =
      RunnableFormat(*device.accelerator, {spec.WideType(), spec.WideType()});
  KernelTimes times;
  for (const ChunkProduct& product : work.products) {
    times.AddMatrix(ServingGemm(device, wide, product.shape));
  }
  times.memory += StreamTime(device, Bytes(work.passed_elements * kWideBytes +
                                           work.state_elements * kChunkStateBytes)) +
                  StartUps(device, kChunkKernels - 1);
  return CountLayers(*spec.model).recurrent * times;
}

KernelTimes DecodeRecurrenceTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                  double sequences) {
  const Device& device = hardware.device;
  const Recurrence& mixer = *spec.model->recurrence;
  const SequenceState state = StateOf(*spec.model, FirstRecurrent(*spec.model), spec.layout.tensor);
  const double passed = (2 * mixer.Convolved() + 3 * mixer.Values()) / spec.layout.tensor;
  // Each draft token's state is kept until it is known which are accepted.
  const double states = 1.0 + 1.0 + spec.DraftTokens();
  const Bytes bytes(sequences *
                    (states * state.recurrent * kStateBytes + 2 * state.convolution * kWideBytes +
                     (1 + spec.DraftTokens()) * passed * kWideBytes));
  KernelTimes times;
  times.memory += StreamTime(device, bytes) + StartUps(device, kUpdateKernels - 1);
  return CountLayers(*spec.model).recurrent * times;
}

KernelTimes PromptIndexTimes(const InstanceSpec& spec, const Device& device,
                             const LayerCounts& layers, const PrefillWork& work) {
  KernelTimes times;
  if (layers.indexers == 0 || work.tokens <= 0) return times;
  const SparseIndex& index = *spec.model->index;
  PrefillShape scores;
  scores.batch = work.chunks;
  scores.heads = index.heads;
  scores.kv_heads = 1;
  scores.head_dim = index.head_dim;
  scores.value_dim = 0;
  scores.query_tokens = work.tokens;
  scores.past_tokens = work.past;
  if (device.accelerator->Peak(DataType::kFp8).value() > 0) {
    scores.arithmetic = scores.cache = DataType::kFp8;
  }
  times.AddDenseAttention(PrefillAttention(device, scores));
  const double pairs = work.chunks * work.tokens * (work.past + work.tokens / 2);
  times.memory +=
      StreamTime(device, Bytes(pairs * kScoreBytes)) + StartUps(device, kIndexKernels - 1);
  return layers.indexers * times;
}

KernelTimes DecodeIndexTimes(const InstanceSpec& spec, const Device& device,
                             const LayerCounts& layers, const DecodeWork& work) {
  KernelTimes times;
  if (layers.indexers == 0 || work.sequences <= 0) return times;
  const double keys = work.sequences * (work.context + work.query_tokens);
  const Bytes bytes(
      keys * (spec.model->index->head_dim * kIndexKeyBytes + work.query_tokens * kScoreBytes));
  // The scores are a kernel, too.
  times.memory += StreamTime(device, bytes) + StartUps(device, kIndexKernels);
  return layers.indexers * times;
}

}  // namespace fleetsim
