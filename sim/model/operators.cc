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
  const double gate = model.attention_gate ? heads : 0;
  layer->gemms.push_back({"qkv_projection",
                          {tokens, (heads + 2 * kv_heads + gate) * model.head_dim, hidden},
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

// DeepSeek-V4: one key that is its own value, the output through groups of a narrow width.
void AddCompressedProjections(const Architecture& model, const LayerKind& kind,
                              const LayerShard& shard, LayerOperators* layer) {
  const CompressedAttention& compressed = *model.compressed;
  const double tokens = shard.Tokens();
  const double hidden = model.hidden;
  const double query_width = HeadsOnRank(model, shard.tensor) * model.head_dim;
  const double groups = static_cast<double>(compressed.output_groups) / shard.tensor;
  const double q_rank = compressed.q_lora_rank;
  double narrow = q_rank + model.head_dim;
  if (kind.compression > 0) {
    const double overlap = kind.indexer ? 2 : 1;
    narrow += 2 * overlap * (model.head_dim + (kind.indexer ? model.index->head_dim : 0.0));
  }
  layer->gemms.push_back({"q_down", {tokens, narrow, hidden}, Split::kWhole});
  layer->gemms.push_back({"q_up", {tokens, query_width, q_rank}, Split::kColumn});
  layer->gemms.push_back(
      {"output_down",
       {tokens, static_cast<double>(compressed.output_rank), query_width / groups, groups},
       Split::kColumn});
  layer->gemms.push_back(
      {"attention_output", {tokens, hidden, groups * compressed.output_rank}, Split::kRow});
  layer->query_key_elements = tokens * (query_width + model.head_dim);
}

void AddIndexerProjections(const Architecture& model, const LayerShard& shard,
                           LayerOperators* layer) {
  const SparseIndex& index = *model.index;
  const double tokens = shard.Tokens();
  const double q_rank = model.latent ? model.latent->q_lora_rank : model.compressed->q_lora_rank;
  const double keys = model.latent ? index.head_dim : 0;
  layer->gemms.push_back({"index_keys",
                          {tokens, keys + index.heads, static_cast<double>(model.hidden)},
                          Split::kWhole});
  layer->gemms.push_back({"index_queries",
                          {tokens, static_cast<double>(index.heads) * index.head_dim, q_rank},
                          Split::kWhole});
}

// Pieces of a packed sequence attend to themselves alone.
double AttendedLength(const LayerShard& shard) {
  return shard.attended > 0.0 ? shard.attended : shard.sequence_length;
}

AttentionShape AttentionCore(const Architecture& model, const LayerKind& kind,
                             const LayerShard& shard) {
  AttentionShape shape;
  const double length = AttendedLength(shard);
  shape.batch = shard.sequences * (shard.sequence_length / length);
  shape.heads = HeadsOnRank(model, shard.tensor);
  shape.kv_heads = model.latent ? shape.heads : KvHeadsOnRank(model, shard.tensor);
  shape.head_dim = QueryKeyHeadDim(model);
  shape.value_dim = ValueHeadDim(model);
  shape.query_tokens = length / shard.context;
  shape.kv_tokens = length;
  const auto cuts = [&](int keys) { return keys > 0 && keys < length; };
  if (cuts(kind.window) || cuts(kind.selected) || kind.compression > 0 || shard.context > 1) {
    // The same work as an unmasked core over the keys a query meets on average. With context
    // parallelism every rank holds two mirrored slices, which evens the masked half out.
    shape.kv_tokens = MeanKeys(kind, length, AttentionCount::kCausal);
    shape.causal = false;
  }
  return shape;
}

// Every rank scores all entries with all of the indexer's heads, which share one key.
AttentionShape IndexCore(const Architecture& model, const LayerKind& kind,
                         const LayerShard& shard) {
  const double length = AttendedLength(shard);
  AttentionShape shape;
  shape.batch = shard.sequences * (shard.sequence_length / length);
  shape.heads = model.index->heads;
  shape.kv_heads = 1;
  shape.head_dim = model.index->head_dim;
  shape.query_tokens = length / shard.context;
  shape.kv_tokens = IndexedKeys(kind, length, AttentionCount::kCausal);
  shape.causal = false;
  return shape;
}

void AddRecurrence(const Architecture& model, const LayerShard& shard, LayerOperators* layer) {
  const Recurrence& mixer = *model.recurrence;
  const double tokens = shard.Tokens();
  const double hidden = model.hidden;
  layer->gemms.push_back(
      {"mixer_input", {tokens, mixer.Inputs() / shard.tensor, hidden}, Split::kColumn});
  layer->gemms.push_back(
      {"mixer_output", {tokens, hidden, mixer.Values() / shard.tensor}, Split::kRow});
  layer->recurrence = ChunkedRecurrence(mixer, tokens, shard.tensor);
}

void AddAttention(const Architecture& model, const LayerKind& kind, const LayerShard& shard,
                  LayerOperators* layer) {
  if (model.latent) {
    AddLatentProjections(model, shard, layer);
  } else if (model.compressed) {
    AddCompressedProjections(model, kind, shard, layer);
  } else {
    AddAttentionProjections(model, shard, layer);
  }
  if (kind.indexer) {
    AddIndexerProjections(model, shard, layer);
    layer->index = IndexCore(model, kind, shard);
  }
  layer->attention = AttentionCore(model, kind, shard);
}

// Hyper-connections (DeepSeek-V4): weights of the streams from all of them, then a block's input is
// written from the streams (n + 1) and its output added to them (2 n + 1), against three passes of
// a plain residual. Backward the output's write reads the streams, their gradient and the output
// and writes both gradients (3 n + 2), the input's read reads its gradient and the streams and adds
// to the streams' (3 n + 1), against five passes.
void AddStreams(const Architecture& model, LayerOperators* layer) {
  const double streams = model.residual_streams;
  for (int block = 0; block < layer->blocks; ++block) {
    layer->gemms.push_back({"stream_mix",
                            {layer->tokens, streams * (streams + 2), streams * model.hidden},
                            Split::kWhole,
                            true});
  }
  layer->extra_hidden_passes += layer->blocks * (3 * streams - 1);
  layer->extra_gradient_passes += layer->blocks * (6 * streams - 2);
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
  const double width = ExpertWidth(model);
  // Routing works on each tensor rank's slice of the sequence (Megatron-Core, moe/moe_layer.py).
  const double tokens = shard.Tokens() / shard.tensor;
  const double inputs = model.gated_ffn ? 2 : 1;
  layer->gemms.push_back(
      {"router", {tokens, static_cast<double>(experts.experts), hidden}, Split::kWhole, true});
  if (experts.latent > 0) {
    layer->gemms.push_back({"expert_latent_down", {tokens, width, hidden}, Split::kWhole});
    layer->gemms.push_back({"expert_latent_up", {tokens, hidden, width}, Split::kWhole});
  }
  // `expert` ranks send each other equal shares: on average a rank ends with as many copies as it
  // sent; the ranks that an expert is cut over gather each other's.
  const double copies = tokens * experts.per_token * shard.expert_tensor * shard.expert_load;
  const double local_experts = static_cast<double>(experts.experts) / shard.expert;
  const double rank_width = static_cast<double>(experts.ffn) / shard.expert_tensor;
  const double tokens_per_expert = copies / local_experts;
  layer->gemms.push_back({"expert_up",
                          {tokens_per_expert, inputs * rank_width, width, local_experts},
                          Split::kColumn});
  layer->gemms.push_back(
      {"expert_down", {tokens_per_expert, width, rank_width, local_experts}, Split::kRow});
  layer->ffn_elements += copies * rank_width * (1 + inputs) / 2;
  layer->dispatched_elements = tokens * experts.per_token * width;
  layer->received_elements = copies * width;
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
  const LayerKind kind = KindOf(model, layer);
  operators.blocks = kind.Blocks();
  if (kind.mixer == Mixer::kAttention) AddAttention(model, kind, shard, &operators);
  if (kind.mixer == Mixer::kRecurrence) AddRecurrence(model, shard, &operators);
  if (kind.block == Block::kExperts) AddExperts(model, shard, &operators);
  if (kind.block == Block::kDense) {
    AddDenseFeedForward(model, shard, model.ffn, "ffn", &operators);
  }
  // A norm or a rotation reads once and writes once; a norm's gradient reads the input, too.
  if (model.sandwich_norm) {
    operators.extra_hidden_passes = 2 * operators.blocks;
    operators.extra_gradient_passes = 3 * operators.blocks;
  }
  if (model.residual_streams > 1) AddStreams(model, &operators);
  if (model.positions == Positions::kRotary) operators.query_key_passes += 2;
  if (model.qk_norm) operators.query_key_passes += 2;
  return operators;
}

RecurrenceOperators ChunkedRecurrence(const Recurrence& mixer, double tokens, int tensor) {
  const double length = mixer.chunk, key = mixer.key_dim, value = mixer.value_dim;
  const double chunks = tokens / length;
  const double heads = chunks * mixer.heads / tensor;
  const double groups = chunks * std::max(1.0, static_cast<double>(mixer.key_heads) / tensor);
  RecurrenceOperators operators;
  const GemmShape state{key, value, length, heads};
  const GemmShape output{length, value, length / 2 + key, heads};
  if (mixer.rule == RecurrenceRule::kGatedDelta) {
    operators.products = {{{length, length, key, heads}},
                          {{length, length, length, heads}},
                          {{length, key + value, length, heads}, true},
                          {{length, value, key, heads}, true},
                          {state, true},
                          {{length, length, key, heads}},
                          {output}};
  } else {
    operators.products = {{{length, length, key, groups}, true}, {state, true}, {output}};
  }
  operators.state_elements = heads * key * value;
  const double values = tokens * mixer.Values() / tensor;
  const double convolved = mixer.convolution > 0 ? tokens * mixer.Convolved() / tensor : 0.0;
  operators.passed_elements = 2 * convolved + 3 * values;
  operators.kept_elements = tokens * (mixer.Inputs() + 2 * mixer.Values()) / tensor;
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
