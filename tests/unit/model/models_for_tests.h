// Architectures that tests of several files use, written out from the publications.
#ifndef TESTS_UNIT_MODEL_MODELS_FOR_TESTS_H_
#define TESTS_UNIT_MODEL_MODELS_FOR_TESTS_H_

#include "sim/model/architecture.h"

namespace fleetsim {

// Touvron et al. 2023, arXiv 2307.09288: one head width of 128 throughout.
inline Architecture LlamaLike(int layers, int hidden, int heads, int kv_heads, int ffn, int vocab) {
  Architecture model;
  model.layers = layers;
  model.hidden = hidden;
  model.heads = heads;
  model.kv_heads = kv_heads;
  model.head_dim = hidden / heads;
  model.ffn = ffn;
  model.gated_ffn = true;
  model.vocab = vocab;
  return model;
}

inline Architecture Llama2Of7B() { return LlamaLike(32, 4096, 32, 32, 11008, 32000); }
inline Architecture Llama2Of70B() { return LlamaLike(80, 8192, 64, 8, 28672, 32000); }
inline Architecture Llama3Of405B() { return LlamaLike(126, 16384, 128, 8, 53248, 128256); }

// Narayanan et al. 2021, arXiv 2104.04473, table 1 (all rows: vocabulary 51,200, sequence 2,048).
inline Architecture MegatronGpt(int layers, int hidden, int heads) {
  Architecture model = LlamaLike(layers, hidden, heads, heads, 4 * hidden, 51200);
  model.gated_ffn = false;
  model.tied_embeddings = true;
  model.positions = Positions::kLearned;
  model.max_positions = 2048;
  model.attention_bias = true;
  model.ffn_bias = true;
  model.norm = NormKind::kLayerNorm;
  return model;
}

// Mixtral of Experts, arXiv 2401.04088.
inline Architecture Mixtral8x7B() {
  Architecture model = LlamaLike(32, 4096, 32, 8, 0, 32000);
  model.experts = Experts{.experts = 8, .per_token = 2, .ffn = 14336};
  return model;
}

// DeepSeek-V3, arXiv 2412.19437, section 4.2.
inline Architecture DeepSeekV3() {
  Architecture model = LlamaLike(61, 7168, 128, 128, 18432, 129280);
  model.experts = Experts{.experts = 256,
                          .per_token = 8,
                          .ffn = 2048,
                          .shared = 1,
                          .shared_ffn = 2048,
                          .dense_layers = 3,
                          .routing_groups = 8,
                          .groups_per_token = 4,
                          .router_bias = true};
  model.latent = LatentAttention{.q_lora_rank = 1536,
                                 .kv_lora_rank = 512,
                                 .qk_nope_head_dim = 128,
                                 .qk_rope_head_dim = 64,
                                 .v_head_dim = 128};
  model.multi_token_prediction_layers = 1;
  return model;
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_MODEL_MODELS_FOR_TESTS_H_
