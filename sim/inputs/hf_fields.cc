#include "sim/inputs/hf_fields.h"

#include "absl/strings/str_cat.h"

namespace fleetsim {

absl::Status ReadWholes(const JsonObject& config, const std::vector<WholeField>& fields) {
  for (const WholeField& field : fields) {
    if (!field.required && !config.Has(field.key)) continue;
    ASSIGN_OR_RETURN(*field.value, config.Whole(field.key, field.low));
  }
  return absl::OkStatus();
}

absl::Status NotModelled(const JsonObject& config, const std::string& key, absl::string_view found,
                         absl::string_view modelled) {
  return InputError(config.At(key), found, absl::StrCat("modelled: ", modelled));
}

absl::Status ReadDecoder(const JsonObject& config, bool kv_heads_required, Architecture* model) {
  RETURN_IF_ERROR(ReadWholes(config, {{"num_hidden_layers", &model->layers},
                                      {"hidden_size", &model->hidden},
                                      {"num_attention_heads", &model->heads},
                                      {"num_key_value_heads", &model->kv_heads, kv_heads_required},
                                      {"intermediate_size", &model->ffn},
                                      {"vocab_size", &model->vocab},
                                      {"max_position_embeddings", &model->max_positions, false}}));
  ASSIGN_OR_RETURN(model->tied_embeddings, config.Flag("tie_word_embeddings", false));
  model->gated_ffn = true;
  model->norm = NormKind::kRmsNorm;
  model->positions = Positions::kRotary;
  return absl::OkStatus();
}

}  // namespace fleetsim
