#include "sim/model/flops.h"

#include <algorithm>

namespace fleetsim {
namespace {

// Matrix products of the attention block, per token and forward.
double AttentionProductFlops(const Architecture& model) {
  const double hidden = model.hidden;
  const double heads = model.heads;
  if (!model.latent) {
    return 2 * hidden * model.head_dim * (2 * heads + 2.0 * model.kv_heads);
  }
  const LatentAttention& latent = *model.latent;
  const double query_width = heads * QueryKeyHeadDim(model);
  const double query =
      latent.q_lora_rank > 0 ? latent.q_lora_rank * (hidden + query_width) : hidden * query_width;
  const double kv_down = hidden * (latent.kv_lora_rank + latent.qk_rope_head_dim);
  const double kv_up = latent.kv_lora_rank * heads * (latent.qk_nope_head_dim + latent.v_head_dim);
  const double output = heads * latent.v_head_dim * hidden;
  return 2 * (query + kv_down + kv_up + output);
}

double FeedForwardFlops(const Architecture& model, int layer) {
  const double per_width = 2 * (model.gated_ffn ? 3.0 : 2.0) * model.hidden;
  if (!HasExperts(model, layer)) return per_width * model.ffn;
  const Experts& experts = *model.experts;
  const double width = static_cast<double>(experts.per_token) * experts.ffn +
                       static_cast<double>(experts.shared) * experts.shared_ffn;
  return per_width * width + 2.0 * model.hidden * experts.experts;
}

// Share of the layers that gradients pass.
double ReachedLayers(const Architecture& model, const Trainable& trainable) {
  return 1.0 - static_cast<double>(trainable.frozen_layers) / model.layers;
}

}  // namespace

double MeanAttendedKeys(int tokens, double sequence_length, AttentionCount count) {
  const double window = tokens > 0 ? std::min<double>(tokens, sequence_length) : sequence_length;
  const double causal = window - window * window / (2 * sequence_length);
  return count == AttentionCount::kCausal ? causal : 2 * causal;
}

TokenFlops ForwardFlopsPerToken(const Architecture& model, double sequence_length,
                                AttentionCount count) {
  TokenFlops flops;
  const double per_key = 2.0 * model.heads * (QueryKeyHeadDim(model) + ValueHeadDim(model));
  const int modules = model.multi_token_prediction_layers;
  for (int layer = 0; layer < model.layers + modules; ++layer) {
    flops.products += Flops(AttentionProductFlops(model) + FeedForwardFlops(model, layer));
    const double keys = MeanAttendedKeys(WindowOf(model, layer), sequence_length, count);
    flops.attention_core += Flops(per_key * keys);
  }
  // Each further-token module joins two hidden vectors into one and has a loss of its own.
  const double hidden = model.hidden;
  flops.products += Flops(modules * 4 * hidden * hidden);
  flops.head = Flops((1 + modules) * 2 * hidden * model.vocab);
  return flops;
}

Flops ModelFlopsPerToken(const Architecture& model, double sequence_length, AttentionCount count,
                         const Trainable& trainable) {
  const TokenFlops forward = ForwardFlopsPerToken(model, sequence_length, count);
  if (trainable.Everything() && !trainable.reference_pass) return 3 * forward.Total();
  const double reached = ReachedLayers(model, trainable);
  const double weights = trainable.HasAdapters() ? 0.0 : reached;
  Flops flops = forward.products * (1 + reached + weights) +
                forward.attention_core * (1 + 2 * reached) +
                forward.head * (trainable.TrainsHead() ? 3 : 2);
  for (int layer = 0; layer < model.layers; ++layer) {
    flops += Flops(3 * AdapterFlopsPerToken(model, trainable, layer));
  }
  if (trainable.reference_pass) flops += forward.Total();
  return flops;
}

Flops HardwareFlopsPerToken(const Architecture& model, double sequence_length, AttentionCount count,
                            Recompute recompute, const Trainable& trainable) {
  const TokenFlops forward = ForwardFlopsPerToken(model, sequence_length, count);
  Flops again;
  if (recompute == Recompute::kSelective) again = forward.attention_core;
  if (recompute == Recompute::kFull) again = forward.products + forward.attention_core;
  return ModelFlopsPerToken(model, sequence_length, count, trainable) +
         again * ReachedLayers(model, trainable);
}

Flops SixNFlopsPerToken(const Architecture& model) { return Flops(6 * ActiveParameters(model)); }

Flops PalmFlopsPerToken(const Architecture& model, double sequence_length) {
  const double attention = 6 * sequence_length * model.layers * model.heads *
                           (QueryKeyHeadDim(model) + ValueHeadDim(model));
  return SixNFlopsPerToken(model) + Flops(attention);
}

}  // namespace fleetsim
