#include "sim/inputs/hf_deepseek_reader.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/inputs/hf_fields.h"

namespace fleetsim {
namespace {

absl::StatusOr<SparseIndex> ReadIndex(const JsonObject& config) {
  SparseIndex index;
  RETURN_IF_ERROR(ReadWholes(config, {{"index_topk", &index.top_k},
                                      {"index_n_heads", &index.heads},
                                      {"index_head_dim", &index.head_dim},
                                      {"index_topk_freq", &index.interval, false}}));
  if (index.interval > 1) {
    RETURN_IF_ERROR(
        ReadWholes(config, {{"index_skip_topk_offset", &index.leading_layers, true, 0}}));
  }
  return index;
}

}  // namespace

absl::Status ReadDeepSeekV3(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadDecoder(config, /*kv_heads_required=*/true, model));
  ASSIGN_OR_RETURN(const bool bias, config.Flag("attention_bias", false));
  if (bias) return NotModelled(config, "attention_bias", "is true", "false");
  int frequency = 1;
  LatentAttention latent;
  Experts experts;
  experts.router_bias = true;
  RETURN_IF_ERROR(ReadWholes(
      config, {{"q_lora_rank", &latent.q_lora_rank, false},
               {"kv_lora_rank", &latent.kv_lora_rank},
               {"qk_nope_head_dim", &latent.qk_nope_head_dim},
               {"qk_rope_head_dim", &latent.qk_rope_head_dim},
               {"v_head_dim", &latent.v_head_dim},
               {"n_routed_experts", &experts.experts},
               {"num_experts_per_tok", &experts.per_token},
               {"moe_intermediate_size", &experts.ffn},
               {"n_shared_experts", &experts.shared, !config.Written("n_shared_experts"), 0},
               {"first_k_dense_replace", &experts.dense_layers, true, 0},
               {"n_group", &experts.routing_groups, false},
               {"topk_group", &experts.groups_per_token, false},
               {"moe_layer_freq", &frequency, false},
               {"num_nextn_predict_layers", &model->multi_token_prediction_layers, false, 0}}));
  if (frequency != 1) {
    return NotModelled(config, "moe_layer_freq", absl::StrCat("is ", frequency), "1");
  }
  model->latent = latent;
  model->experts = experts;
  return absl::OkStatus();
}

absl::Status ReadDeepSeekV32(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadDeepSeekV3(config, model));
  // One group is none.
  if (model->experts->routing_groups == 1) {
    model->experts->routing_groups = model->experts->groups_per_token = 0;
  }
  ASSIGN_OR_RETURN(model->index, ReadIndex(config));
  return absl::OkStatus();
}

// Entries of 4 tokens are chosen by the indexer (the library's compressed sparse attention), longer
// ones are all attended to.
absl::Status ReadDeepSeekV4(const JsonObject& config, Architecture* model) {
  constexpr int kSelectedRatio = 4;
  Experts experts;
  experts.router_bias = true;
  CompressedAttention compressed;
  compressed.selected_ratio = kSelectedRatio;
  RETURN_IF_ERROR(ReadWholes(
      config, {{"num_hidden_layers", &model->layers},
               {"hidden_size", &model->hidden},
               {"num_attention_heads", &model->heads},
               {"num_key_value_heads", &model->kv_heads},
               {"head_dim", &model->head_dim},
               {"vocab_size", &model->vocab},
               {"max_position_embeddings", &model->max_positions, false},
               {"sliding_window", &model->sliding_window},
               {"hc_mult", &model->residual_streams},
               {"num_nextn_predict_layers", &model->multi_token_prediction_layers, false, 0},
               {"n_routed_experts", &experts.experts},
               {"num_experts_per_tok", &experts.per_token},
               {"moe_intermediate_size", &experts.ffn},
               {"n_shared_experts", &experts.shared, true, 0},
               {"q_lora_rank", &compressed.q_lora_rank},
               {"o_groups", &compressed.output_groups},
               {"o_lora_rank", &compressed.output_rank}}));
  ASSIGN_OR_RETURN(model->tied_embeddings, config.Flag("tie_word_embeddings", false));
  ASSIGN_OR_RETURN(compressed.ratios, config.Wholes("compress_ratios", 0));
  if (model->kv_heads != 1) {
    return NotModelled(config, "num_key_value_heads", absl::StrCat("is ", model->kv_heads), "1");
  }
  // Drafting modules beyond those that are trained with the model follow.
  const int places = model->layers + model->multi_token_prediction_layers;
  if (static_cast<int>(compressed.ratios.size()) > places) compressed.ratios.resize(places);
  ASSIGN_OR_RETURN(model->index, ReadIndex(config));
  model->gated_ffn = true;
  model->experts = experts;
  model->compressed = compressed;
  return absl::OkStatus();
}

}  // namespace fleetsim
