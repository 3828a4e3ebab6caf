#include "sim/model/architecture.h"

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

double NormParameters(const Architecture& model, double width) {
  return model.norm == NormKind::kLayerNorm ? 2 * width : width;
}

double FeedForwardMatrices(const Architecture& model) { return model.gated_ffn ? 3 : 2; }

// Vaswani et al. 2017 with grouped kv heads (Ainslie et al. 2023); biases where the model has them.
void AddAttention(const Architecture& model, LayerParameters* count) {
  const double hidden = model.hidden;
  const double query_width = static_cast<double>(model.heads) * model.head_dim;
  const double kv_width = static_cast<double>(model.kv_heads) * model.head_dim;
  count->attention = 2 * hidden * query_width;
  count->key_value = 2 * hidden * kv_width;
  if (model.qkv_bias || model.attention_bias) {
    count->attention += query_width;
    count->key_value += 2 * kv_width;
  }
  if (model.attention_bias) count->other_replicated += hidden;
  if (model.attention_gate) count->attention += hidden * query_width;
  if (model.qk_norm) count->norms += 2 * NormParameters(model, model.head_dim);
}

// DeepSeek-V2, arXiv 2405.04434, equations 9-19.
void AddLatentAttention(const Architecture& model, LayerParameters* count) {
  const LatentAttention& latent = *model.latent;
  const double hidden = model.hidden;
  const double heads = model.heads;
  const double query_width = heads * QueryKeyHeadDim(model);
  const double kv_rank = latent.kv_lora_rank;
  if (latent.q_lora_rank > 0) {
    const double q_rank = latent.q_lora_rank;
    count->attention += q_rank * query_width;
    count->other_replicated += hidden * q_rank;
    count->norms += NormParameters(model, q_rank);
  } else {
    count->attention += hidden * query_width;
  }
  count->attention += kv_rank * heads * (latent.qk_nope_head_dim + latent.v_head_dim);
  count->attention += heads * latent.v_head_dim * hidden;
  count->other_replicated += hidden * (kv_rank + latent.qk_rope_head_dim);
  count->norms += NormParameters(model, kv_rank);
}

// The indexer is whole on every rank. Of latent attention (DeepSeek-V3.2, arXiv 2512.02556, section
// 2.1): queries from the latent, keys and weights from the input, a norm with bias over the keys.
void AddIndexer(const Architecture& model, LayerParameters* count) {
  const SparseIndex& index = *model.index;
  const double hidden = model.hidden;
  const double q_rank = model.latent ? model.latent->q_lora_rank : model.compressed->q_lora_rank;
  count->other_replicated += q_rank * index.heads * index.head_dim + hidden * index.heads;
  if (model.latent) {
    count->other_replicated += hidden * index.head_dim;
    count->norms += 2.0 * index.head_dim;
  }
}

// What turns `ratio` tokens into one entry of `width`: values and gates, from both neighbours where
// entries overlap, a position table and a norm.
void AddCompressor(const Architecture& model, int ratio, double width, LayerParameters* count) {
  const double overlap = ratio == model.compressed->selected_ratio ? 2 : 1;
  count->other_replicated += (2.0 * model.hidden + ratio) * overlap * width;
  count->norms += width;
}

// Tensors of the library's DeepSeek-V4 (transformers, models/deepseek_v4).
void AddCompressedAttention(const Architecture& model, const LayerKind& kind,
                            LayerParameters* count) {
  const CompressedAttention& compressed = *model.compressed;
  const double hidden = model.hidden;
  const double query_width = static_cast<double>(model.heads) * model.head_dim;
  const double output_width =
      static_cast<double>(compressed.output_groups) * compressed.output_rank;
  count->attention += compressed.q_lora_rank * query_width + query_width * compressed.output_rank +
                      output_width * hidden + model.heads;  // a sink a head
  count->other_replicated += hidden * (compressed.q_lora_rank + model.head_dim);
  count->norms += compressed.q_lora_rank + model.head_dim;
  if (kind.compression > 0) AddCompressor(model, kind.compression, model.head_dim, count);
  if (kind.indexer) AddCompressor(model, kind.compression, model.index->head_dim, count);
}

// Tensors of mamba_ssm's Mamba2, of the library's Qwen3NextGatedDeltaNet and of MiniMax-01's
// lightning attention. All are divided by heads.
void AddRecurrence(const Architecture& model, LayerParameters* count) {
  const Recurrence& mixer = *model.recurrence;
  const double hidden = model.hidden;
  count->attention += hidden * (mixer.Inputs() + mixer.Values());
  count->attention += mixer.Convolved() * mixer.convolution;
  switch (mixer.rule) {
    case RecurrenceRule::kStateSpace:  // bias of the convolution; A, D and dt's bias; norm
      count->attention += mixer.Convolved() + 3.0 * mixer.heads + mixer.Values();
      break;
    case RecurrenceRule::kGatedDelta:  // A and dt's bias; one head's norm
      count->attention += 2.0 * mixer.heads;
      count->norms += mixer.value_dim;
      break;
    case RecurrenceRule::kDecay:
      count->attention += mixer.Values();
      break;
  }
}

// Mixing weights of both blocks' hyper-connections (DeepSeek-V4, transformers,
// models/deepseek_v4): n (n + 2) outputs of all streams, as many biases, three scales.
double HyperConnections(const Architecture& model) {
  const double streams = model.residual_streams;
  const double mixes = streams * (streams + 2);
  return 2 * (mixes * streams * model.hidden + mixes + 3);
}

void AddDenseFeedForward(const Architecture& model, LayerParameters* count) {
  const double hidden = model.hidden;
  const double width = model.ffn;
  count->feed_forward = FeedForwardMatrices(model) * hidden * width;
  if (model.ffn_bias) {
    count->feed_forward += (FeedForwardMatrices(model) - 1) * width;
    count->other_replicated += hidden;
  }
}

void AddExperts(const Architecture& model, LayerParameters* count) {
  const Experts& experts = *model.experts;
  const double matrices = FeedForwardMatrices(model);
  const double width = ExpertWidth(model);
  count->routed_experts = experts.experts * matrices * width * experts.ffn;
  count->feed_forward = experts.shared * matrices * model.hidden * experts.shared_ffn;
  count->router = (model.hidden + (experts.router_bias ? 1.0 : 0.0)) * experts.experts;
  if (experts.shared_gate) count->router += model.hidden;
  if (experts.latent > 0) count->other_replicated += 2.0 * model.hidden * experts.latent;
}

LayerKind PatternKind(char letter) {
  LayerKind kind{.mixer = Mixer::kNone, .block = Block::kNone};
  if (letter == 'M') kind.mixer = Mixer::kRecurrence;
  if (letter == '*') kind.mixer = Mixer::kAttention;
  if (letter == '-') kind.block = Block::kDense;
  if (letter == 'E') kind.block = Block::kExperts;
  return kind;
}

bool LayerHasExperts(const Architecture& model, int layer) {
  if (!model.experts) return false;
  const int after_dense = layer - model.experts->dense_layers;
  return after_dense >= 0 && (after_dense + 1) % model.experts->layer_interval == 0;
}

// Which keys a layer with attention meets.
void SetReach(const Architecture& model, int layer, LayerKind* kind) {
  if (model.compressed) kind->compression = model.compressed->ratios[layer];
  layer = std::min(layer, model.layers - 1);
  const int interval = model.full_attention_interval;
  const bool full = interval > 0 && (layer + 1) % interval == 0;
  kind->window = full ? 0 : model.sliding_window;
  if (!model.index) return;
  const SparseIndex& index = *model.index;
  if (model.compressed) {
    kind->indexer = kind->compression > 0 && kind->compression == model.compressed->selected_ratio;
    kind->selected = kind->indexer ? index.top_k : 0;
    return;
  }
  const int after = layer - index.leading_layers;
  kind->indexer = after < 0 || (after + 1) % index.interval == 0;
  kind->selected = index.top_k;
}

}  // namespace

double ExpertWidth(const Architecture& model) {
  return model.experts->latent > 0 ? model.experts->latent : model.hidden;
}

LayerKind KindOf(const Architecture& model, int layer) {
  FLEETSIM_CHECK(layer >= 0 && layer < model.layers + model.multi_token_prediction_layers);
  const int like = std::min(layer, model.layers - 1);
  LayerKind kind;
  if (!model.layer_pattern.empty() && layer < model.layers) {
    kind = PatternKind(model.layer_pattern[layer]);
  } else if (!model.layer_pattern.empty()) {
    kind.block = model.experts ? Block::kExperts : Block::kDense;
  } else {
    kind.block = LayerHasExperts(model, like) ? Block::kExperts : Block::kDense;
    const bool attends = !model.recurrence || (like + 1) % model.full_attention_interval == 0;
    kind.mixer = attends ? Mixer::kAttention : Mixer::kRecurrence;
  }
  if (kind.mixer == Mixer::kAttention) SetReach(model, layer, &kind);
  return kind;
}

int QueryKeyHeadDim(const Architecture& model) {
  if (!model.latent) return model.head_dim;
  return model.latent->qk_nope_head_dim + model.latent->qk_rope_head_dim;
}

int ValueHeadDim(const Architecture& model) {
  return model.latent ? model.latent->v_head_dim : model.head_dim;
}

bool HasExperts(const Architecture& model, int layer) {
  return KindOf(model, layer).block == Block::kExperts;
}

int WindowOf(const Architecture& model, int layer) { return KindOf(model, layer).window; }

int AttentionLayers(const Architecture& model) {
  int layers = 0;
  for (int layer = 0; layer < model.layers; ++layer) {
    if (KindOf(model, layer).mixer == Mixer::kAttention) ++layers;
  }
  return layers;
}

LayerParameters CountLayerParameters(const Architecture& model, int layer) {
  LayerParameters count;
  const LayerKind kind = KindOf(model, layer);
  if (kind.mixer == Mixer::kRecurrence) {
    AddRecurrence(model, &count);
  } else if (kind.mixer == Mixer::kAttention) {
    if (model.latent) {
      AddLatentAttention(model, &count);
    } else if (model.compressed) {
      AddCompressedAttention(model, kind, &count);
    } else {
      AddAttention(model, &count);
    }
    if (kind.indexer) AddIndexer(model, &count);
  }
  if (kind.block == Block::kExperts) AddExperts(model, &count);
  if (kind.block == Block::kDense) AddDenseFeedForward(model, &count);
  count.norms +=
      kind.Blocks() * (model.sandwich_norm ? 2 : 1) * NormParameters(model, model.hidden);
  if (model.residual_streams > 1) count.other_replicated += HyperConnections(model);
  return count;
}

double SharedParametersOnRank(const Architecture& model, int layer, int tensor) {
  FLEETSIM_CHECK(tensor >= 1);
  const LayerParameters count = CountLayerParameters(model, layer);
  return (count.attention + count.feed_forward) / tensor +
         count.key_value / std::min(tensor, std::max(1, model.kv_heads)) + count.Replicated();
}

double ExpertParametersOnRank(const Architecture& model, int layer, int expert, int expert_tensor) {
  FLEETSIM_CHECK(expert >= 1 && expert_tensor >= 1);
  return CountLayerParameters(model, layer).routed_experts / expert / expert_tensor;
}

double LayerParametersOnRank(const Architecture& model, int layer, int tensor, int expert) {
  return SharedParametersOnRank(model, layer, tensor) +
         ExpertParametersOnRank(model, layer, expert, tensor);
}

double PredictionJoinParameters(const Architecture& model) {
  const double hidden = model.hidden;
  return 2 * hidden * hidden + 3 * NormParameters(model, hidden);
}

double ActiveLayerParameters(const Architecture& model, int layer) {
  const LayerParameters count = CountLayerParameters(model, layer);
  if (!HasExperts(model, layer)) return count.Total();
  const double active_share =
      static_cast<double>(model.experts->per_token) / model.experts->experts;
  return count.Total() - count.routed_experts * (1 - active_share);
}

double PaddedVocab(const Architecture& model, int tensor) {
  const double multiple = 128.0 * tensor;
  return std::ceil(model.vocab / multiple) * multiple;
}

ModelParameters CountParameters(const Architecture& model) {
  ModelParameters count;
  const double hidden = model.hidden;
  count.embedding = model.vocab * hidden;
  if (model.positions == Positions::kLearned) count.positions = model.max_positions * hidden;
  if (model.embedding_norm) count.embedding_norm = NormParameters(model, hidden);
  for (int layer = 0; layer < model.layers; ++layer) {
    count.layers += CountLayerParameters(model, layer).Total();
  }
  count.final_norm = NormParameters(model, hidden);
  if (model.residual_streams > 1) {
    const double streams = model.residual_streams;
    count.final_norm += streams * streams * hidden + streams + 1;
  }
  if (!model.tied_embeddings) count.head = model.vocab * hidden;
  const int modules = model.multi_token_prediction_layers;
  for (int i = 0; i < (model.shared_prediction ? std::min(1, modules) : modules); ++i) {
    count.multi_token_prediction +=
        CountLayerParameters(model, model.layers + i).Total() + PredictionJoinParameters(model);
  }
  return count;
}

double ActiveParameters(const Architecture& model) {
  double inactive = 0;
  for (int layer = 0; layer < model.layers; ++layer) {
    inactive += CountLayerParameters(model, layer).Total() - ActiveLayerParameters(model, layer);
  }
  return CountParameters(model).Total() - inactive;
}

}  // namespace fleetsim
