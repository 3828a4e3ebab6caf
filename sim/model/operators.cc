#include "sim/model/operators.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/model/flops.h"

namespace fleetsim {
namespace {

double HeadsOnRank(const Architecture& model, int tensor) {
  return static_cast<double>(model.heads) / tensor;
}

// kv heads a rank holds: with more ranks than kv heads each is held by several.
double KvHeadsOnRank(const Architecture& model, int tensor) {
  return std::max(1.0, static_cast<double>(model.kv_heads) / tensor);
}

void AddAttentionProjections(const Architecture& model, const LayerShard& shard,
                             LayerOperators* layer) {
  const double tokens = shard.Tokens();
  const double hidden = model.hidden;
  const double heads = HeadsOnRank(model, shard.tensor);
  const double kv_heads = KvHeadsOnRank(model, shard.tensor);
  layer->gemms.push_back({"qkv_projection",
                          {tokens, (heads + 2 * kv_heads) * model.head_dim, hidden},
                          Split::kColumn});
  layer->gemms.push_back(
      {"attention_output", {tokens, hidden, heads * model.head_dim}, Split::kRow});
  layer->query_key_elements = tokens * (heads + kv_heads) * model.head_dim;
}

// DeepSeek-V2, arXiv 2405.04434, section 2.1: q and kv go through a narrow latent.
void AddLatentProjections(const Architecture& model, const LayerShard& shard,
                          LayerOperators* layer) {
  const LatentAttention& latent = *model.latent;
  const double tokens = shard.Tokens();
  const double hidden = model.hidden;
  const double heads = HeadsOnRank(model, shard.tensor);
  const double query_width = heads * QueryKeyHeadDim(model);
  const double kv_rank = latent.kv_lora_rank;
  double query_input = hidden;
  if (latent.q_lora_rank > 0) {
    query_input = latent.q_lora_rank;
    layer->gemms.push_back({"q_down", {tokens, query_input, hidden}, Split::kWhole});
  }
  layer->gemms.push_back({"q_up", {tokens, query_width, query_input}, Split::kColumn});
  layer->gemms.push_back(
      {"kv_down", {tokens, kv_rank + latent.qk_rope_head_dim, hidden}, Split::kWhole});
  layer->gemms.push_back({"kv_up",
                          {tokens, heads * (latent.qk_nope_head_dim + latent.v_head_dim), kv_rank},
                          Split::kColumn});
  layer->gemms.push_back(
      {"attention_output", {tokens, hidden, heads * latent.v_head_dim}, Split::kRow});
  // Only the rotary part of q and the one shared rotary key are touched.
  layer->query_key_elements = tokens * (heads + 1) * latent.qk_rope_head_dim;
}

AttentionShape AttentionCore(const Architecture& model, int window, const LayerShard& shard) {
  AttentionShape shape;
  // Pieces of a packed sequence attend to themselves alone.
  const double length = shard.attended > 0.0 ? shard.attended : shard.sequence_length;
  shape.batch = shard.sequences * (shard.sequence_length / length);
  shape.heads = HeadsOnRank(model, shard.tensor);
  shape.kv_heads = model.latent ? shape.heads : KvHeadsOnRank(model, shard.tensor);
  shape.head_dim = QueryKeyHeadDim(model);
  shape.value_dim = ValueHeadDim(model);
  shape.query_tokens = length / shard.context;
  shape.kv_tokens = length;
  const bool windowed = window > 0 && window < length;
  if (windowed || shard.context > 1) {
    // The same work as an unmasked core over the keys a query meets on average. With context
    // parallelism every rank holds two mirrored slices, which evens the masked half out.
    shape.kv_tokens = MeanAttendedKeys(window, length, AttentionCount::kCausal);
    shape.causal = false;
  }
  return shape;
}

void AddDenseFeedForward(const Architecture& model, const LayerShard& shard, double width,
                         const std::string& prefix, LayerOperators* layer) {
  const double tokens = shard.Tokens();
  const double rank_width = width / shard.tensor;
  const double inputs = model.gated_ffn ? 2 : 1;
  layer->gemms.push_back({prefix + "_up",
                          {tokens, inputs * rank_width, static_cast<double>(model.hidden)},
                          Split::kColumn});
  layer->gemms.push_back(
      {prefix + "_down", {tokens, static_cast<double>(model.hidden), rank_width}, Split::kRow});
  layer->ffn_elements += tokens * rank_width * (1 + inputs) / 2;
}

void AddExperts(const Architecture& model, const LayerShard& shard, LayerOperators* layer) {
  const Experts& experts = *model.experts;
  const double hidden = model.hidden;
  // Routing works on each tensor rank's slice of the sequence (Megatron-Core, moe/moe_layer.py).
  const double tokens = shard.Tokens() / shard.tensor;
  const double inputs = model.gated_ffn ? 2 : 1;
  layer->gemms.push_back(
      {"router", {tokens, static_cast<double>(experts.experts), hidden}, Split::kWhole, true});
  // `expert` ranks send each other equal shares: on average a rank ends with as many copies as it
  // sent; the ranks that an expert is cut over gather each other's.
  const double copies = tokens * experts.per_token * shard.expert_tensor * shard.expert_load;
  const double local_experts = static_cast<double>(experts.experts) / shard.expert;
  const double rank_width = static_cast<double>(experts.ffn) / shard.expert_tensor;
  const double tokens_per_expert = copies / local_experts;
  layer->gemms.push_back({"expert_up",
                          {tokens_per_expert, inputs * rank_width, hidden, local_experts},
                          Split::kColumn});
  layer->gemms.push_back(
      {"expert_down", {tokens_per_expert, hidden, rank_width, local_experts}, Split::kRow});
  layer->ffn_elements += copies * rank_width * (1 + inputs) / 2;
  layer->dispatched_elements = tokens * experts.per_token * hidden;
  layer->received_elements = copies * hidden;
  if (experts.shared > 0) {
    AddDenseFeedForward(model, shard, static_cast<double>(experts.shared) * experts.shared_ffn,
                        "shared_expert", layer);
  }
}

}  // namespace

GemmShape InputGradient(const GemmShape& forward) {
  return {forward.m, forward.k, forward.n, forward.batch};
}

GemmShape WeightGradient(const GemmShape& forward) {
  return {forward.k, forward.n, forward.m, forward.batch};
}

LayerOperators ForwardOperators(const Architecture& model, int layer, const LayerShard& shard) {
  FLEETSIM_CHECK(shard.tensor >= 1 && shard.context >= 1 && shard.expert >= 1);
  FLEETSIM_CHECK(model.heads % shard.tensor == 0);
  LayerOperators operators;
  const double hidden = model.hidden;
  operators.tokens = shard.Tokens();
  operators.hidden_elements = operators.tokens * hidden;
  if (layer >= model.layers) {
    operators.gemms.push_back({"prediction_projection",
                               {operators.tokens, hidden / shard.tensor, 2 * hidden},
                               Split::kColumn});
  }
  if (model.latent) {
    AddLatentProjections(model, shard, &operators);
  } else {
    AddAttentionProjections(model, shard, &operators);
  }
  operators.attention = AttentionCore(model, WindowOf(model, layer), shard);
  if (HasExperts(model, layer)) {
    AddExperts(model, shard, &operators);
  } else {
    AddDenseFeedForward(model, shard, model.ffn, "ffn", &operators);
  }
  // A norm or a rotation reads once and writes once.
  if (model.sandwich_norm) operators.extra_hidden_passes = 4;
  if (model.positions == Positions::kRotary) operators.query_key_passes += 2;
  if (model.qk_norm) operators.query_key_passes += 2;
  return operators;
}

GemmShape ScoresGemm(const AttentionShape& attention) {
  return {attention.query_tokens, attention.kv_tokens, attention.head_dim,
          attention.batch * attention.heads};
}

GemmShape ValuesGemm(const AttentionShape& attention) {
  return {attention.query_tokens, attention.value_dim, attention.kv_tokens,
          attention.batch * attention.heads};
}

double ScoreElements(const AttentionShape& attention) {
  return attention.batch * attention.heads * attention.query_tokens * attention.kv_tokens;
}

HeadOperators LossHead(const Architecture& model, const LayerShard& shard) {
  HeadOperators head;
  const double tokens = shard.Tokens();
  const double vocab = PaddedVocab(model, shard.tensor) / shard.tensor;
  head.product = {"loss_head", {tokens, vocab, static_cast<double>(model.hidden)}, Split::kColumn};
  head.logits = tokens * vocab;
  head.forward_traffic = Bytes(kCrossEntropyForwardBytes * head.logits);
  head.backward_traffic = Bytes(kCrossEntropyBackwardBytes * head.logits);
  return head;
}

Bytes EmbeddingTraffic(const Architecture& model, const LayerShard& shard, double element_bytes) {
  // Lookup reads and writes; adding positions reads two operands and writes one.
  const double passes = model.positions == Positions::kLearned ? 5 : 2;
  return Bytes(passes * shard.Tokens() * model.hidden * element_bytes);
}

}  // namespace fleetsim
