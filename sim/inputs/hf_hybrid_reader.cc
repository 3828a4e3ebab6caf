#include "sim/inputs/hf_hybrid_reader.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "sim/inputs/hf_fields.h"

namespace fleetsim {
namespace {

// The pattern, or the same as a list of words.
absl::StatusOr<std::string> ReadPattern(const JsonObject& config) {
  constexpr struct {
    const char* word;
    char letter;
  } kLayers[] = {{"mamba", 'M'}, {"attention", '*'}, {"mlp", '-'}, {"moe", 'E'}};
  if (config.Has("hybrid_override_pattern")) return config.Text("hybrid_override_pattern");
  ASSIGN_OR_RETURN(const std::vector<std::string> words, config.Texts("layers_block_type"));
  std::string pattern;
  for (const std::string& word : words) {
    const size_t before = pattern.size();
    for (const auto& layer : kLayers) {
      if (word == layer.word) pattern += layer.letter;
    }
    if (pattern.size() == before) {
      return NotModelled(config, "layers_block_type", absl::StrCat("has \"", word, "\""),
                         "mamba, attention, mlp, moe");
    }
  }
  return pattern;
}

absl::Status ReadSquaredExperts(const JsonObject& config, Architecture* model) {
  Experts experts;
  experts.router_bias = true;
  RETURN_IF_ERROR(
      ReadWholes(config, {{"n_routed_experts", &experts.experts},
                          {"num_experts_per_tok", &experts.per_token},
                          {"moe_intermediate_size", &experts.ffn},
                          {"n_shared_experts", &experts.shared, true, 0},
                          {"moe_shared_expert_intermediate_size", &experts.shared_ffn, false},
                          {"moe_latent_size", &experts.latent, false}}));
  model->experts = experts;
  return absl::OkStatus();
}

}  // namespace

// The one further-token module is an attention layer and one with experts; it may be applied
// several times, which the file does not say.
absl::Status ReadNemotronH(const JsonObject& config, Architecture* model) {
  Recurrence mixer;
  const char* head_dim = config.Has("head_dim") ? "head_dim" : "attention_head_dim";
  RETURN_IF_ERROR(ReadWholes(
      config, {{"hidden_size", &model->hidden},
               {"num_attention_heads", &model->heads},
               {"num_key_value_heads", &model->kv_heads},
               {head_dim, &model->head_dim},
               {"intermediate_size", &model->ffn},
               {"vocab_size", &model->vocab},
               {"max_position_embeddings", &model->max_positions, false},
               {"num_nextn_predict_layers", &model->multi_token_prediction_layers, false, 0},
               {"mamba_num_heads", &mixer.heads},
               {"mamba_head_dim", &mixer.value_dim},
               {"n_groups", &mixer.key_heads},
               {"ssm_state_size", &mixer.key_dim},
               {"conv_kernel", &mixer.convolution},
               {"chunk_size", &mixer.chunk}}));
  ASSIGN_OR_RETURN(model->tied_embeddings, config.Flag("tie_word_embeddings", false));
  ASSIGN_OR_RETURN(model->layer_pattern, ReadPattern(config));
  model->layers = static_cast<int>(model->layer_pattern.size());
  if (absl::StrContains(model->layer_pattern, 'E')) {
    RETURN_IF_ERROR(ReadSquaredExperts(config, model));
  }
  if (absl::StrContains(model->layer_pattern, 'M')) model->recurrence = mixer;
  model->positions = Positions::kNone;
  return absl::OkStatus();
}

absl::Status ReadQwen35(const JsonObject& config, Architecture* model) {
  // Of flash-linear-attention's kernels.
  constexpr int kChunk = 64;
  Recurrence mixer{.rule = RecurrenceRule::kGatedDelta, .chunk = kChunk};
  RETURN_IF_ERROR(ReadWholes(
      config, {{"num_hidden_layers", &model->layers},
               {"hidden_size", &model->hidden},
               {"num_attention_heads", &model->heads},
               {"num_key_value_heads", &model->kv_heads},
               {"head_dim", &model->head_dim},
               {"vocab_size", &model->vocab},
               {"max_position_embeddings", &model->max_positions, false},
               {"full_attention_interval", &model->full_attention_interval},
               {"mtp_num_hidden_layers", &model->multi_token_prediction_layers, false, 0},
               {"linear_num_value_heads", &mixer.heads},
               {"linear_value_head_dim", &mixer.value_dim},
               {"linear_num_key_heads", &mixer.key_heads},
               {"linear_key_head_dim", &mixer.key_dim},
               {"linear_conv_kernel_dim", &mixer.convolution}}));
  ASSIGN_OR_RETURN(model->tied_embeddings, config.Flag("tie_word_embeddings", false));
  ASSIGN_OR_RETURN(model->attention_gate, config.Flag("attn_output_gate", true));
  model->gated_ffn = model->qk_norm = true;
  model->recurrence = mixer;
  if (!config.Has("num_experts")) {
    return ReadWholes(config, {{"intermediate_size", &model->ffn}});
  }
  Experts experts;
  experts.shared = 1;
  experts.shared_gate = true;
  RETURN_IF_ERROR(ReadWholes(config, {{"num_experts", &experts.experts},
                                      {"num_experts_per_tok", &experts.per_token},
                                      {"moe_intermediate_size", &experts.ffn},
                                      {"shared_expert_intermediate_size", &experts.shared_ffn}}));
  model->experts = experts;
  return absl::OkStatus();
}

}  // namespace fleetsim
