#include "sim/serving/attention_times.h"

#include <algorithm>

namespace fleetsim {
namespace {

double HeadsOnRank(const InstanceSpec& spec) {
  return static_cast<double>(spec.model->heads) / spec.layout.tensor;
}

// More tensor ranks than kv heads hold copies of them.
double KvHeadsOnRank(const InstanceSpec& spec) {
  return std::max(1.0, static_cast<double>(spec.model->kv_heads) / spec.layout.tensor);
}

// FP8 over an FP8 cache, if the engine does so and the accelerator can.
DataType PrefillArithmetic(const InstanceSpec& spec, const Device& device) {
  const bool narrow = spec.engine->narrow_prefill && spec.precision.cache == DataType::kFp8 &&
                      !spec.model->latent && device.accelerator->Peak(DataType::kFp8).value() > 0;
  return narrow ? DataType::kFp8 : spec.WideType();
}

// Keys that queries meet in the mean when they choose `most` of those before them.
double ChosenKeys(double past, double tokens, double most) {
  const double whole = std::clamp(most - past, 0.0, tokens);  // queries that meet all
  return (whole * (past + whole / 2) + (tokens - whole) * most) / tokens;
}

// Sequences that nothing is chosen from are attended to as a whole (SGLang, nsa_backend.py: dense
// multi-head attention up to top_k tokens).
KernelTimes SparsePrefillTimes(const InstanceSpec& spec, const Device& device,
                               const PrefillShape& dense) {
  const double most = spec.model->index->top_k;
  KernelTimes times;
  if (!dense.latent || dense.past_tokens + dense.query_tokens <= most) {
    times.AddDenseAttention(PrefillAttention(device, dense));
    return times;
  }
  SparsePrefillShape shape;
  shape.queries = dense.batch * dense.query_tokens;
  shape.heads = dense.heads;
  shape.latent = spec.model->latent->kv_lora_rank;
  shape.rope = spec.model->latent->qk_rope_head_dim;
  shape.keys = ChosenKeys(dense.past_tokens, dense.query_tokens, most);
  shape.cache = dense.cache;
  times.AddDenseAttention(SparsePrefill(device, shape));
  return times;
}

}  // namespace

KernelTimes PrefillAttentionTimes(const InstanceSpec& spec, const Device& device,
                                  const LayerCounts& layers, const PrefillWork& work) {
  KernelTimes times;
  if (work.chunks <= 0 || work.tokens <= 0) return times;
  PrefillShape shape;
  shape.batch = work.chunks;
  shape.heads = HeadsOnRank(spec);
  shape.latent = spec.model->latent.has_value();
  shape.kv_heads = shape.latent ? shape.heads : KvHeadsOnRank(spec);
  shape.head_dim = QueryKeyHeadDim(*spec.model);
  shape.value_dim = ValueHeadDim(*spec.model);
  shape.query_tokens = work.tokens;
  shape.past_tokens = work.past;
  shape.arithmetic = PrefillArithmetic(spec, device);
  shape.cache = spec.precision.cache;
  if (layers.sparse > 0) times += layers.sparse * SparsePrefillTimes(spec, device, shape);
  if (layers.full > 0) times.AddDenseAttention(layers.full * PrefillAttention(device, shape));
  if (layers.windowed > 0) {
    shape.window = spec.model->sliding_window;
    times.AddDenseAttention(layers.windowed * PrefillAttention(device, shape));
  }
  return times;
}

KernelTimes DecodeAttentionTimes(const InstanceSpec& spec, const Device& device,
                                 const LayerCounts& layers, const DecodeWork& work) {
  KernelTimes times;
  if (work.sequences <= 0) return times;
  if (spec.model->latent) {
    LatentDecodeShape shape;
    shape.batch = work.sequences;
    shape.heads = HeadsOnRank(spec);
    shape.latent = spec.model->latent->kv_lora_rank;
    shape.rope = spec.model->latent->qk_rope_head_dim;
    shape.kv_tokens = work.context + work.query_tokens;
    shape.query_tokens = work.query_tokens;
    shape.cache = spec.precision.cache;
    if (layers.full > 0) times.AddDenseAttention(layers.full * LatentDecode(device, shape));
    if (layers.sparse > 0) {
      shape.selected = spec.model->index->top_k;
      times.AddDenseAttention(layers.sparse * LatentDecode(device, shape));
    }
    return times;
  }
  DecodeShape shape;
  shape.batch = work.sequences;
  shape.heads = HeadsOnRank(spec);
  shape.kv_heads = spec.engine->ungrouped_decode ? shape.heads : KvHeadsOnRank(spec);
  shape.head_dim = QueryKeyHeadDim(*spec.model);
  shape.value_dim = ValueHeadDim(*spec.model);
  shape.kv_tokens = work.context + work.query_tokens;
  shape.query_tokens = work.query_tokens;
  shape.cache = spec.precision.cache;
  if (layers.full > 0) times.AddAttention(layers.full * DecodeAttention(device, shape));
  if (layers.windowed > 0) {
    shape.window = spec.model->sliding_window;
    times.AddAttention(layers.windowed * DecodeAttention(device, shape));
  }
  return times;
}

}  // namespace fleetsim
