#include "sim/inputs/model_reader.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "proto/model.pb.h"
#include "sim/base/nearest.h"
#include "sim/inputs/field_check.h"
#include "sim/inputs/hf_config_reader.h"
#include "sim/inputs/model_check.h"

namespace fleetsim {
namespace {

// Config files are a few kilobytes.
constexpr std::int64_t kMaxModelFileBytes = std::int64_t{16} << 20;

// 0 stands for "left out" in the struct, so that a 0 that somebody wrote is told here.
absl::Status CheckWrittenZeros(const proto::Model& entry, const FieldCheck& check) {
  if (entry.has_kv_heads()) RETURN_IF_ERROR(check.InRange("kv_heads", entry.kv_heads(), 1, 1e7));
  if (entry.has_head_dim()) RETURN_IF_ERROR(check.InRange("head_dim", entry.head_dim(), 1, 1e7));
  if (entry.has_max_positions()) {
    RETURN_IF_ERROR(check.InRange("max_positions", entry.max_positions(), 1, 1e9));
  }
  if (entry.has_sliding_window()) {
    RETURN_IF_ERROR(check.InRange("sliding_window", entry.sliding_window(), 1, 1e9));
  }
  return absl::OkStatus();
}

absl::Status ReadPositionsAndNorm(const proto::Model& entry, const FieldCheck& check,
                                  Architecture* model) {
  switch (entry.positions()) {
    case proto::Model::LEARNED:
      model->positions = Positions::kLearned;
      break;
    case proto::Model::ROTARY:
      model->positions = Positions::kRotary;
      break;
    case proto::Model::ALIBI:
      model->positions = Positions::kAlibi;
      break;
    case proto::Model::NONE:
      model->positions = Positions::kNone;
      break;
    default:
      return check.Wrong("positions", "is missing", "give LEARNED, ROTARY, ALIBI or NONE");
  }
  switch (entry.norm()) {
    case proto::Model::LAYER_NORM:
      model->norm = NormKind::kLayerNorm;
      break;
    case proto::Model::RMS_NORM:
      model->norm = NormKind::kRmsNorm;
      break;
    case proto::Model::LAYER_NORM_NO_BIAS:
      model->norm = NormKind::kLayerNormNoBias;
      break;
    default:
      return check.Wrong("norm", "is missing", "give LAYER_NORM, RMS_NORM or LAYER_NORM_NO_BIAS");
  }
  return absl::OkStatus();
}

Experts ReadExperts(const proto::Model::Experts& entry) {
  return {.experts = entry.experts(),
          .per_token = entry.experts_per_token(),
          .ffn = entry.expert_ffn(),
          .shared = entry.shared_experts(),
          .shared_ffn = entry.shared_expert_ffn(),
          .dense_layers = entry.dense_layers(),
          .routing_groups = entry.routing_groups(),
          .groups_per_token = entry.groups_per_token(),
          .router_bias = entry.router_bias(),
          .layer_interval = entry.has_layer_interval() ? entry.layer_interval() : 1,
          .latent = entry.latent(),
          .shared_gate = entry.shared_gate(),
          .popularity_exponent = entry.has_popularity_exponent()
                                     ? std::optional<double>(entry.popularity_exponent())
                                     : std::nullopt,
          .router_fp32 = entry.router_fp32()};
}

LatentAttention ReadLatentAttention(const proto::Model::LatentAttention& entry) {
  return {.q_lora_rank = entry.q_lora_rank(),
          .kv_lora_rank = entry.kv_lora_rank(),
          .qk_nope_head_dim = entry.qk_nope_head_dim(),
          .qk_rope_head_dim = entry.qk_rope_head_dim(),
          .v_head_dim = entry.v_head_dim()};
}

absl::Status ReadRecurrence(const proto::Model::Recurrence& entry, const FieldCheck& check,
                            Architecture* model) {
  Recurrence recurrence{.heads = entry.heads(),
                        .value_dim = entry.value_dim(),
                        .key_heads = entry.key_heads(),
                        .key_dim = entry.key_dim(),
                        .convolution = entry.convolution(),
                        .chunk = entry.chunk()};
  switch (entry.rule()) {
    case proto::Model::Recurrence::STATE_SPACE:
      recurrence.rule = RecurrenceRule::kStateSpace;
      break;
    case proto::Model::Recurrence::GATED_DELTA:
      recurrence.rule = RecurrenceRule::kGatedDelta;
      break;
    case proto::Model::Recurrence::DECAY:
      recurrence.rule = RecurrenceRule::kDecay;
      break;
    default:
      return check.Wrong("recurrence.rule", "is missing", "give STATE_SPACE, GATED_DELTA or DECAY");
  }
  model->recurrence = recurrence;
  return absl::OkStatus();
}

void ReadSparseAttention(const proto::Model& entry, Architecture* model) {
  if (entry.has_index()) {
    const proto::Model::SparseIndex& index = entry.index();
    model->index = {.top_k = index.top_k(),
                    .heads = index.heads(),
                    .head_dim = index.head_dim(),
                    .leading_layers = index.leading_layers(),
                    .interval = index.has_interval() ? index.interval() : 1};
  }
  if (!entry.has_compressed()) return;
  const proto::Model::CompressedAttention& compressed = entry.compressed();
  model->compressed = {.q_lora_rank = compressed.q_lora_rank(),
                       .output_groups = compressed.output_groups(),
                       .output_rank = compressed.output_rank(),
                       .ratios = {compressed.ratios().begin(), compressed.ratios().end()},
                       .selected_ratio = compressed.selected_ratio()};
}

absl::Status ReadParts(const proto::Model& entry, const FieldCheck& check, Architecture* model) {
  if (entry.has_moe()) model->experts = ReadExperts(entry.moe());
  if (entry.has_recurrence()) {
    RETURN_IF_ERROR(ReadRecurrence(entry.recurrence(), check, model));
  }
  ReadSparseAttention(entry, model);
  if (entry.has_mla()) {
    if (entry.has_head_dim() || entry.attention_bias() || entry.qkv_bias() || entry.qk_norm()) {
      return check.Wrong("mla", "is given beside head_dim, a bias of attention, or qk_norm",
                         "latent attention has its own head widths and norms: leave those out");
    }
    model->latent = ReadLatentAttention(entry.mla());
  }
  if (entry.has_published_parameters()) {
    model->published_parameters = entry.published_parameters();
  }
  if (entry.has_published_active_parameters()) {
    model->published_active_parameters = entry.published_active_parameters();
  }
  return absl::OkStatus();
}

Architecture PlainFields(const proto::Model& entry) {
  Architecture model;
  model.name = entry.name();
  model.aliases.assign(entry.alias().begin(), entry.alias().end());
  model.layers = entry.layers();
  model.hidden = entry.hidden();
  model.heads = entry.heads();
  model.kv_heads = entry.kv_heads();
  model.head_dim = entry.head_dim();
  model.ffn = entry.ffn();
  model.gated_ffn = entry.gated_ffn();
  model.vocab = entry.vocab();
  model.tied_embeddings = entry.tied_embeddings();
  model.max_positions = entry.max_positions();
  model.attention_bias = entry.attention_bias();
  model.qkv_bias = entry.qkv_bias();
  model.ffn_bias = entry.ffn_bias();
  model.qk_norm = entry.qk_norm();
  model.qk_norm_across_heads = entry.qk_norm_across_heads();
  model.sandwich_norm = entry.sandwich_norm();
  model.embedding_norm = entry.embedding_norm();
  model.sliding_window = entry.sliding_window();
  model.full_attention_interval = entry.full_attention_interval();
  model.layer_pattern = entry.layer_pattern();
  model.attention_gate = entry.attention_gate();
  if (entry.has_residual_streams()) model.residual_streams = entry.residual_streams();
  model.multi_token_prediction_layers = entry.multi_token_prediction_layers();
  model.shared_prediction = entry.shared_prediction();
  model.source = entry.source();
  return model;
}

absl::StatusOr<Architecture> ReadModelProto(const std::string& path) {
  proto::Model entry;
  ASSIGN_OR_RETURN(const FieldLines lines, ParseProtoFile(path, &entry));
  const FieldCheck check(path, lines);
  Architecture model = PlainFields(entry);
  if (model.name.empty()) model.name = std::filesystem::path(path).stem().string();
  RETURN_IF_ERROR(CheckWrittenZeros(entry, check));
  RETURN_IF_ERROR(ReadPositionsAndNorm(entry, check, &model));
  RETURN_IF_ERROR(ReadParts(entry, check, &model));
  RETURN_IF_ERROR(
      CompleteArchitecture([&](absl::string_view field) { return check.At(field); }, &model));
  return model;
}

// The folder's textproto files in the order of their names.
absl::StatusOr<std::vector<std::string>> ListEntries(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error) {
    return InputError(Location{folder}, absl::StrCat("cannot be listed: ", error.message()),
                      "give a folder of model files");
  }
  for (const auto& entry : entries) {
    if (entry.path().extension() == ".textproto") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::Status CheckNames(const std::string& path, const Architecture& model,
                        std::map<std::string, std::string>* owners) {
  const std::string stem = std::filesystem::path(path).stem().string();
  if (model.name != stem) {
    return InputError(Location{path, 0, "name"}, absl::StrCat("is \"", model.name, "\""),
                      absl::StrCat("give the file's name, \"", stem, "\""));
  }
  std::vector<std::string> names = model.aliases;
  names.push_back(model.name);
  for (const std::string& name : names) {
    const auto [owner, added] = owners->emplace(absl::AsciiStrToLower(name), path);
    if (!added) {
      return InputError(Location{path, 0, "alias"},
                        absl::StrCat("\"", name, "\" is already a name in ", owner->second),
                        "give every model names of its own");
    }
  }
  return absl::OkStatus();
}

bool Answers(const Architecture& model, absl::string_view name) {
  const auto same = [&](const std::string& known) { return absl::EqualsIgnoreCase(known, name); };
  return same(model.name) || std::any_of(model.aliases.begin(), model.aliases.end(), same);
}

}  // namespace

absl::StatusOr<Architecture> ReadModelFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, ReadFile(path, kMaxModelFileBytes));
  return LooksLikeJson(content) ? ParseHfConfig(path, content) : ReadModelProto(path);
}

absl::StatusOr<std::map<std::string, Architecture>> ReadModels(const std::string& models_root) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListEntries(models_root));
  std::map<std::string, Architecture> models;
  std::map<std::string, std::string> owners;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(Architecture model, ReadModelFile(path));
    RETURN_IF_ERROR(CheckNames(path, model, &owners));
    const std::string name = model.name;
    models.emplace(name, std::move(model));
  }
  return models;
}

absl::StatusOr<Architecture> FindModel(const std::string& name_or_path,
                                       const std::string& models_root) {
  ASSIGN_OR_RETURN(const auto models, ReadModels(models_root));
  std::vector<std::string> names;
  for (const auto& [name, model] : models) {
    if (Answers(model, name_or_path)) return model;
    names.push_back(name);
    names.insert(names.end(), model.aliases.begin(), model.aliases.end());
  }
  std::error_code ignored;
  if (std::filesystem::exists(name_or_path, ignored)) return ReadModelFile(name_or_path);
  return absl::NotFoundError(absl::StrCat(
      "unknown model \"", name_or_path, "\", and no such file; ", DidYouMean(name_or_path, names)));
}

}  // namespace fleetsim
