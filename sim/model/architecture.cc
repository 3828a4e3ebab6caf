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
  const double per_width = FeedForwardMatrices(model) * model.hidden;
  count->routed_experts = experts.experts * per_width * experts.ffn;
  count->feed_forward = experts.shared * per_width * experts.shared_ffn;
  count->router = (model.hidden + (experts.router_bias ? 1.0 : 0.0)) * experts.experts;
}

}  // namespace

int QueryKeyHeadDim(const Architecture& model) {
  if (!model.latent) return model.head_dim;
  return model.latent->qk_nope_head_dim + model.latent->qk_rope_head_dim;
}

int ValueHeadDim(const Architecture& model) {
  return model.latent ? model.latent->v_head_dim : model.head_dim;
}

bool HasExperts(const Architecture& model, int layer) {
  FLEETSIM_CHECK(layer >= 0 && layer < model.layers + model.multi_token_prediction_layers);
  if (!model.experts) return false;
  const int after_dense = std::min(layer, model.layers - 1) - model.experts->dense_layers;
  return after_dense >= 0 && (after_dense + 1) % model.experts->layer_interval == 0;
}

int WindowOf(const Architecture& model, int layer) {
  const int interval = model.full_attention_interval;
  const bool full = interval > 0 && (std::min(layer, model.layers - 1) + 1) % interval == 0;
  return full ? 0 : model.sliding_window;
}

LayerParameters CountLayerParameters(const Architecture& model, int layer) {
  LayerParameters count;
  if (model.latent) {
    AddLatentAttention(model, &count);
  } else {
    AddAttention(model, &count);
  }
  if (HasExperts(model, layer)) {
    AddExperts(model, &count);
  } else {
    AddDenseFeedForward(model, &count);
  }
  count.norms += (model.sandwich_norm ? 4 : 2) * NormParameters(model, model.hidden);
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
  if (!model.tied_embeddings) count.head = model.vocab * hidden;
  for (int i = 0; i < model.multi_token_prediction_layers; ++i) {
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
