#include "sim/inputs/hf_config_reader.h"

#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "sim/inputs/hf_deepseek_reader.h"
#include "sim/inputs/hf_fields.h"
#include "sim/inputs/hf_hybrid_reader.h"
#include "sim/inputs/json_object.h"
#include "sim/inputs/model_check.h"

namespace fleetsim {
namespace {

// What a config.json calls otherwise than proto/model.proto; with several names, by model_type.
struct FieldName {
  const char* ours;
  const char* theirs;
};
constexpr std::array kFieldNames = {
    FieldName{"layers", "num_hidden_layers"},
    FieldName{"hidden", "hidden_size"},
    FieldName{"heads", "num_attention_heads"},
    FieldName{"kv_heads", "num_key_value_heads"},
    FieldName{"ffn", "intermediate_size"},
    FieldName{"vocab", "vocab_size"},
    FieldName{"max_positions", "max_position_embeddings"},
    FieldName{"multi_token_prediction_layers", "num_nextn_predict_layers"},
    FieldName{"ffn_bias", "mlp_bias"},
    FieldName{"moe.experts", "num_experts"},
    FieldName{"moe.experts", "num_local_experts"},
    FieldName{"moe.experts", "n_routed_experts"},
    FieldName{"moe.experts_per_token", "num_experts_per_tok"},
    FieldName{"moe.expert_ffn", "moe_intermediate_size"},
    FieldName{"moe.expert_ffn", "intermediate_size"},
    FieldName{"moe.shared_experts", "n_shared_experts"},
    FieldName{"moe.dense_layers", "first_k_dense_replace"},
    FieldName{"moe.routing_groups", "n_group"},
    FieldName{"moe.groups_per_token", "topk_group"},
    FieldName{"moe.latent", "moe_latent_size"},
    FieldName{"moe.shared_expert_ffn", "moe_shared_expert_intermediate_size"},
    FieldName{"layer_pattern", "hybrid_override_pattern"},
    FieldName{"layer_pattern", "layers_block_type"},
    FieldName{"recurrence.heads", "mamba_num_heads"},
    FieldName{"recurrence.heads", "linear_num_value_heads"},
    FieldName{"recurrence.value_dim", "mamba_head_dim"},
    FieldName{"recurrence.value_dim", "linear_value_head_dim"},
    FieldName{"recurrence.key_heads", "n_groups"},
    FieldName{"recurrence.key_heads", "linear_num_key_heads"},
    FieldName{"recurrence.key_dim", "ssm_state_size"},
    FieldName{"recurrence.key_dim", "linear_key_head_dim"},
    FieldName{"recurrence.convolution", "conv_kernel"},
    FieldName{"recurrence.convolution", "linear_conv_kernel_dim"},
    FieldName{"recurrence.chunk", "chunk_size"},
    FieldName{"index.top_k", "index_topk"},
    FieldName{"index.heads", "index_n_heads"},
    FieldName{"index.head_dim", "index_head_dim"},
    FieldName{"index.interval", "index_topk_freq"},
    FieldName{"compressed.q_lora_rank", "q_lora_rank"},
    FieldName{"compressed.output_groups", "o_groups"},
    FieldName{"compressed.output_rank", "o_lora_rank"},
    FieldName{"compressed.ratios", "compress_ratios"},
    FieldName{"residual_streams", "hc_mult"},
};

Location PlaceOf(const JsonObject& config, absl::string_view ours) {
  for (const FieldName& name : kFieldNames) {
    if (ours == name.ours && config.Has(name.theirs)) return config.At(name.theirs);
  }
  absl::ConsumePrefix(&ours, "mla.");
  return config.At(std::string(ours));
}

absl::Status ReadLlama(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadDecoder(config, /*kv_heads_required=*/false, model));
  RETURN_IF_ERROR(ReadWholes(config, {{"head_dim", &model->head_dim, false}}));
  ASSIGN_OR_RETURN(model->attention_bias, config.Flag("attention_bias", false));
  ASSIGN_OR_RETURN(model->ffn_bias, config.Flag("mlp_bias", false));
  return absl::OkStatus();
}

absl::Status ReadMixtralDecoder(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadDecoder(config, /*kv_heads_required=*/true, model));
  return ReadWholes(config, {{"head_dim", &model->head_dim, false},
                             {"sliding_window", &model->sliding_window, false}});
}

// The library's window where a file says nothing; null is none.
constexpr int kDefaultWindow = 4096;

absl::Status ReadMistral(const JsonObject& config, Architecture* model) {
  if (!config.Written("sliding_window")) model->sliding_window = kDefaultWindow;
  return ReadMixtralDecoder(config, model);
}

// The window holds for the layers from max_window_layers on; the library's default is 28.
absl::Status ReadQwenWindow(const JsonObject& config, Architecture* model) {
  ASSIGN_OR_RETURN(const bool used, config.Flag("use_sliding_window", false));
  const bool none = config.Written("sliding_window") && !config.Has("sliding_window");
  if (!used || none) return absl::OkStatus();
  int first_layer = 28;
  RETURN_IF_ERROR(ReadWholes(config, {{"max_window_layers", &first_layer, false, 0}}));
  if (first_layer >= model->layers) return absl::OkStatus();
  if (first_layer > 0) {
    return NotModelled(config, "max_window_layers", absl::StrCat("is ", first_layer),
                       "a sliding window in all layers (0) or in none");
  }
  model->sliding_window = kDefaultWindow;
  return ReadWholes(config, {{"sliding_window", &model->sliding_window, false}});
}

absl::Status ReadQwen2(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadDecoder(config, /*kv_heads_required=*/true, model));
  model->qkv_bias = true;
  return ReadQwenWindow(config, model);
}

absl::Status ReadQwen3(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadDecoder(config, /*kv_heads_required=*/true, model));
  RETURN_IF_ERROR(ReadWholes(config, {{"head_dim", &model->head_dim}}));
  ASSIGN_OR_RETURN(model->attention_bias, config.Flag("attention_bias", false));
  model->qk_norm = true;
  return ReadQwenWindow(config, model);
}

// Layers without experts are listed one by one; leading ones are what our architecture can say.
absl::Status ReadDenseLayers(const JsonObject& config, int* dense_layers) {
  int step = 1;
  RETURN_IF_ERROR(ReadWholes(config, {{"decoder_sparse_step", &step, false}}));
  if (step != 1) {
    return NotModelled(config, "decoder_sparse_step", absl::StrCat("is ", step), "1");
  }
  ASSIGN_OR_RETURN(const std::vector<int> dense, config.Wholes("mlp_only_layers", 0));
  for (size_t i = 0; i < dense.size(); ++i) {
    if (dense[i] == static_cast<int>(i)) continue;
    return NotModelled(config, "mlp_only_layers",
                       absl::StrCat("is [", absl::StrJoin(dense, ", "), "]"),
                       "the first layers, [0, 1, ...], or none");
  }
  *dense_layers = static_cast<int>(dense.size());
  return absl::OkStatus();
}

absl::Status ReadQwen3Moe(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadQwen3(config, model));
  Experts experts;
  RETURN_IF_ERROR(ReadWholes(config, {{"num_experts", &experts.experts},
                                      {"num_experts_per_tok", &experts.per_token},
                                      {"moe_intermediate_size", &experts.ffn}}));
  RETURN_IF_ERROR(ReadDenseLayers(config, &experts.dense_layers));
  model->experts = experts;
  return absl::OkStatus();
}

absl::Status ReadMixtral(const JsonObject& config, Architecture* model) {
  RETURN_IF_ERROR(ReadMixtralDecoder(config, model));
  Experts experts;
  RETURN_IF_ERROR(ReadWholes(config, {{"num_local_experts", &experts.experts},
                                      {"num_experts_per_tok", &experts.per_token}}));
  // Here the one width is the experts'.
  experts.ffn = model->ffn;
  model->ffn = 0;
  model->experts = experts;
  return absl::OkStatus();
}

// A new kind of config.json is one function and one row.
struct ModelType {
  const char* name;
  absl::Status (*read)(const JsonObject& config, Architecture* model);
};
constexpr std::array kModelTypes = {
    ModelType{"llama", ReadLlama},
    ModelType{"mistral", ReadMistral},
    ModelType{"qwen2", ReadQwen2},
    ModelType{"qwen3", ReadQwen3},
    ModelType{"qwen3_moe", ReadQwen3Moe},
    ModelType{"mixtral", ReadMixtral},
    ModelType{"deepseek_v3", ReadDeepSeekV3},
    ModelType{"deepseek_v32", ReadDeepSeekV32},
    ModelType{"glm_moe_dsa", ReadDeepSeekV32},
    ModelType{"deepseek_v4", ReadDeepSeekV4},
    ModelType{"nemotron_h", ReadNemotronH},
    ModelType{"qwen3_5_text", ReadQwen35},
    ModelType{"qwen3_5_moe_text", ReadQwen35},
};

absl::StatusOr<const ModelType*> FindModelType(const JsonObject& config) {
  ASSIGN_OR_RETURN(const std::string name, config.Text("model_type"));
  std::vector<std::string> known;
  for (const ModelType& type : kModelTypes) {
    if (name == type.name) return &type;
    known.emplace_back(type.name);
  }
  return InputError(config.At("model_type"), absl::StrCat("is \"", name, "\""),
                    absl::StrCat("known: ", absl::StrJoin(known, ", ")));
}

// The folder of a "config.json", the name of any other file.
std::string NameOf(const std::string& path) {
  const std::filesystem::path file(path);
  if (file.filename() == "config.json" && file.has_parent_path()) {
    return file.parent_path().filename().string();
  }
  return file.stem().string();
}

}  // namespace

bool LooksLikeJson(absl::string_view content) {
  absl::ConsumePrefix(&content, "\xEF\xBB\xBF");
  content = absl::StripLeadingAsciiWhitespace(content);
  return !content.empty() && (content[0] == '{' || content[0] == '[');
}

absl::StatusOr<Architecture> ParseHfConfig(const std::string& path, const std::string& content) {
  ASSIGN_OR_RETURN(JsonObject config, JsonObject::Parse(path, content));
  // The language model of one that also sees.
  if (config.Has("text_config")) {
    ASSIGN_OR_RETURN(JsonObject inner, config.Inner("text_config"));
    config = std::move(inner);
  }
  ASSIGN_OR_RETURN(const ModelType* type, FindModelType(config));
  Architecture model;
  model.name = NameOf(path);
  model.source = path;
  RETURN_IF_ERROR(type->read(config, &model));
  RETURN_IF_ERROR(CompleteArchitecture(
      [&](absl::string_view field) { return PlaceOf(config, field); }, &model));
  return model;
}

}  // namespace fleetsim
