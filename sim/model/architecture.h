// A transformer as a plain struct, and how many parameters each part of it has. Meaning of the
// fields as in proto/model.proto. Counts are doubles: exact up to 2^53, far beyond any model.
#ifndef SIM_MODEL_ARCHITECTURE_H_
#define SIM_MODEL_ARCHITECTURE_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/model/mixers.h"

namespace fleetsim {

enum class NormKind { kLayerNorm, kRmsNorm, kLayerNormNoBias };
enum class Positions { kLearned, kRotary, kAlibi, kNone };

// Mixture of experts: a router sends each token to `per_token` of `experts`.
struct Experts {
  int experts = 0;
  int per_token = 0;
  int ffn = 0;                                   // inner width of one routed expert
  int shared = 0;                                // experts every token passes
  int shared_ffn = 0;                            // inner width of one of them
  int dense_layers = 0;                          // leading layers without experts
  int routing_groups = 0, groups_per_token = 0;  // zero: a token may go anywhere
  bool router_bias = false;
  int layer_interval = 1;    // after the leading ones every n-th layer has experts
  int latent = 0;            // width that routed experts work in; zero: the hidden width
  bool shared_gate = false;  // the shared experts' output is weighed by a product with the input
  std::optional<double> popularity_exponent;
  bool router_fp32 = false;  // engines multiply the router in 32 bits
};

// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).
struct LatentAttention {
  int q_lora_rank = 0;  // zero: q is projected directly
  int kv_lora_rank = 0;
  int qk_nope_head_dim = 0, qk_rope_head_dim = 0, v_head_dim = 0;
};

struct Architecture {
  std::string name;
  std::vector<std::string> aliases;
  int layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0;
  int ffn = 0;  // of dense layers; zero: every layer has experts
  bool gated_ffn = false;
  int vocab = 0;
  bool tied_embeddings = false;
  Positions positions = Positions::kRotary;
  int max_positions = 0;  // zero: unknown
  bool attention_bias = false, qkv_bias = false, ffn_bias = false;
  NormKind norm = NormKind::kRmsNorm;
  bool qk_norm = false, sandwich_norm = false, embedding_norm = false;
  bool qk_norm_across_heads = false;
  int sliding_window = 0;           // tokens; zero: full attention
  int full_attention_interval = 0;  // every n-th layer has no window; zero: none
  std::optional<Experts> experts;
  std::optional<LatentAttention> latent;
  std::string
      layer_pattern;  // hybrids, a letter a layer: M recurrence, * attention, - dense, E experts
  std::optional<Recurrence> recurrence;
  std::optional<SparseIndex> index;
  std::optional<CompressedAttention> compressed;
  bool attention_gate = false;  // attention's output is multiplied by a projection of the input
  int residual_streams = 1;     // hyper-connections (DeepSeek-V4)
  int multi_token_prediction_layers = 0;
  bool shared_prediction = false;  // the further-token modules are one, applied several times
  std::optional<double> published_parameters, published_active_parameters;
  std::string source;
};

// Widths of one head: of q and k together, and of v.
int QueryKeyHeadDim(const Architecture& model);
int ValueHeadDim(const Architecture& model);

// Width of the vectors that routed experts get.
double ExpertWidth(const Architecture& model);

// Layers are numbered from 0; numbers from `layers` on are multi-token prediction modules, whose
// block is of the same kind as the last layer's; of a hybrid with a pattern attention and the
// pattern's feed-forward block.
LayerKind KindOf(const Architecture& model, int layer);
bool HasExperts(const Architecture& model, int layer);

// Tokens that a query of the layer looks back at most; zero: all.
int WindowOf(const Architecture& model, int layer);

// Layers with attention, without further-token modules.
int AttentionLayers(const Architecture& model);

// Parameters of one transformer layer by how parallelism treats them.
struct LayerParameters {
  // Divided by tensor parallelism: q and output (MLA: all up-projections), recurrences.
  double attention = 0;
  double key_value = 0;       // k and v: divided too, but no further than one kv head a rank
  double feed_forward = 0;    // dense block or shared experts, divided by tensor parallelism
  double routed_experts = 0;  // all of them; divided by expert, then by tensor parallelism
  double router = 0;          // whole on every rank
  double norms = 0;           // whole on every rank
  // Biases after a row-parallel product, MLA down-projections, indexers, latents of experts.
  double other_replicated = 0;

  double Replicated() const { return router + norms + other_replicated; }
  double Total() const {
    return attention + key_value + feed_forward + routed_experts + Replicated();
  }
};
LayerParameters CountLayerParameters(const Architecture& model, int layer);

// What one tensor-parallel rank holds of a layer's parameters but the routed experts', and what one
// rank of `expert` x `expert_tensor` holds of those.
double SharedParametersOnRank(const Architecture& model, int layer, int tensor);
double ExpertParametersOnRank(const Architecture& model, int layer, int expert, int expert_tensor);
// All of it, each expert cut over the tensor ranks.
double LayerParametersOnRank(const Architecture& model, int layer, int tensor, int expert = 1);
// What joins hidden vector and embedding in a further-token module, norms included.
double PredictionJoinParameters(const Architecture& model);

// What one token passes of a layer: experts_per_token of the routed experts, all of the rest.
double ActiveLayerParameters(const Architecture& model, int layer);

// Vocabulary rows as frameworks store them, a multiple of 128 x tensor (Megatron-LM's
// --make-vocab-size-divisible-by).
double PaddedVocab(const Architecture& model, int tensor);

// The whole model.
struct ModelParameters {
  double embedding = 0;  // token table; published vocabulary, not padded
  double positions = 0;  // learned position table
  double embedding_norm = 0;
  double layers = 0;      // all of them
  double final_norm = 0;  // and what joins several residual streams before it
  double head = 0;        // zero where it shares the embedding's table
  // Further-token modules: one layer each, two norms, a projection of 2 x hidden and a final norm
  // (DeepSeek-V3, arXiv 2412.19437, section 2.2); embedding and head are the model's own.
  double multi_token_prediction = 0;

  // As publishers count: without the further-token modules.
  double Total() const {
    return embedding + positions + embedding_norm + layers + final_norm + head;
  }
};
ModelParameters CountParameters(const Architecture& model);

// Parameters that take part in one token's forward pass, embedding table and head included, as
// Mixtral and Qwen3 state theirs; equals CountParameters().Total() for a dense model.
double ActiveParameters(const Architecture& model);

}  // namespace fleetsim

#endif  // SIM_MODEL_ARCHITECTURE_H_
