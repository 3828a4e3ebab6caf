#include "sim/inputs/model_check.h"

#include <cmath>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "sim/inputs/field_check.h"

namespace fleetsim {
namespace {

// Limits far beyond any published model: what exceeds them is a slip of the pen.
constexpr double kMaxLayers = 10'000;
constexpr double kMaxWidth = 10'000'000;
constexpr double kMaxVocab = 100'000'000;
constexpr double kMaxExperts = 1'000'000;
constexpr double kMaxTokens = 1'000'000'000;
// A published count is rounded ("8B", "405B"); further off, shape and count are not of one model.
constexpr double kPublishedCountTolerance = 0.1;

struct Bound {
  const char* field;
  double value, low, high;
};

absl::Status CheckBounds(const FieldPlace& place, std::initializer_list<Bound> bounds) {
  for (const Bound& bound : bounds) {
    RETURN_IF_ERROR(CheckRange(place(bound.field), bound.value, bound.low, bound.high));
  }
  return absl::OkStatus();
}

absl::Status CheckDivides(const FieldPlace& place, const char* field, int divisor,
                          const char* whole_name, int whole) {
  if (whole % divisor == 0) return absl::OkStatus();
  return InputError(place(field), absl::StrCat("is ", divisor),
                    absl::StrCat("give a divisor of ", whole_name, ", which is ", whole));
}

absl::Status CheckLatentAttention(const FieldPlace& place, const LatentAttention& latent) {
  return CheckBounds(place, {{"mla.q_lora_rank", 1.0 * latent.q_lora_rank, 0, kMaxWidth},
                             {"mla.kv_lora_rank", 1.0 * latent.kv_lora_rank, 1, kMaxWidth},
                             {"mla.qk_nope_head_dim", 1.0 * latent.qk_nope_head_dim, 1, kMaxWidth},
                             {"mla.qk_rope_head_dim", 1.0 * latent.qk_rope_head_dim, 0, kMaxWidth},
                             {"mla.v_head_dim", 1.0 * latent.v_head_dim, 1, kMaxWidth}});
}

absl::Status CompleteHeads(const FieldPlace& place, Architecture* model) {
  if (model->latent) {
    RETURN_IF_ERROR(CheckLatentAttention(place, *model->latent));
    model->head_dim = QueryKeyHeadDim(*model);
  } else if (model->head_dim == 0) {
    RETURN_IF_ERROR(CheckDivides(place, "heads", model->heads, "hidden", model->hidden));
    model->head_dim = model->hidden / model->heads;
  }
  RETURN_IF_ERROR(CheckRange(place("head_dim"), model->head_dim, 1, kMaxWidth));
  if (model->kv_heads == 0) model->kv_heads = model->heads;
  RETURN_IF_ERROR(CheckRange(place("kv_heads"), model->kv_heads, 1, model->heads));
  return CheckDivides(place, "kv_heads", model->kv_heads, "heads", model->heads);
}

absl::Status CheckRouting(const FieldPlace& place, const Experts& experts) {
  if (experts.routing_groups == 0 && experts.groups_per_token == 0) return absl::OkStatus();
  RETURN_IF_ERROR(
      CheckRange(place("moe.routing_groups"), experts.routing_groups, 1, experts.experts));
  RETURN_IF_ERROR(CheckDivides(place, "moe.routing_groups", experts.routing_groups, "experts",
                               experts.experts));
  return CheckRange(place("moe.groups_per_token"), experts.groups_per_token, 1,
                    experts.routing_groups);
}

absl::Status CompleteExperts(const FieldPlace& place, Architecture* model) {
  Experts& experts = *model->experts;
  if (experts.shared > 0 && experts.shared_ffn == 0) experts.shared_ffn = experts.ffn;
  RETURN_IF_ERROR(CheckBounds(
      place, {{"moe.experts", 1.0 * experts.experts, 1, kMaxExperts},
              {"moe.experts_per_token", 1.0 * experts.per_token, 1, 1.0 * experts.experts},
              {"moe.expert_ffn", 1.0 * experts.ffn, 1, kMaxWidth},
              {"moe.shared_experts", 1.0 * experts.shared, 0, kMaxExperts},
              {"moe.shared_expert_ffn", 1.0 * experts.shared_ffn, 0, kMaxWidth},
              {"moe.layer_interval", 1.0 * experts.layer_interval, 1, 1.0 * model->layers},
              {"moe.latent", 1.0 * experts.latent, 0, kMaxWidth},
              {"moe.dense_layers", 1.0 * experts.dense_layers, 0, model->layers - 1.0}}));
  RETURN_IF_ERROR(CheckRouting(place, experts));
  if (model->ffn_bias) {
    return InputError(place("ffn_bias"), "is true beside experts",
                      "experts with biases are not modelled");
  }
  return absl::OkStatus();
}

absl::Status CheckRecurrence(const FieldPlace& place, const Recurrence& mixer) {
  RETURN_IF_ERROR(
      CheckBounds(place, {{"recurrence.heads", 1.0 * mixer.heads, 1, kMaxWidth},
                          {"recurrence.value_dim", 1.0 * mixer.value_dim, 1, kMaxWidth},
                          {"recurrence.key_heads", 1.0 * mixer.key_heads, 1, 1.0 * mixer.heads},
                          {"recurrence.key_dim", 1.0 * mixer.key_dim, 1, kMaxWidth},
                          {"recurrence.convolution", 1.0 * mixer.convolution, 0, kMaxTokens},
                          {"recurrence.chunk", 1.0 * mixer.chunk, 1, kMaxTokens}}));
  return CheckDivides(place, "recurrence.key_heads", mixer.key_heads, "recurrence.heads",
                      mixer.heads);
}

// A pattern says what every layer is; each of its letters needs the part it stands for.
absl::Status CheckPattern(const FieldPlace& place, const Architecture& model) {
  const std::string& pattern = model.layer_pattern;
  const auto wrong = [&](absl::string_view expected) {
    return InputError(place("layer_pattern"), absl::StrCat("is \"", pattern, "\""), expected);
  };
  if (static_cast<int>(pattern.size()) != model.layers) {
    return wrong(absl::StrCat("give a letter for each of the ", model.layers, " layers, not ",
                              pattern.size()));
  }
  if (pattern.find_first_not_of("M*-E") != std::string::npos) {
    return wrong("letters are M (recurrence), * (attention), - (dense ffn), E (experts)");
  }
  if (absl::StrContains(pattern, 'M') != model.recurrence.has_value()) {
    return wrong("give `recurrence` where a layer is M, and only there");
  }
  if (absl::StrContains(pattern, 'E') != model.experts.has_value()) {
    return wrong("give `moe` where a layer is E, and only there");
  }
  return absl::OkStatus();
}

absl::Status CheckIndex(const FieldPlace& place, const Architecture& model) {
  const SparseIndex& index = *model.index;
  if (!model.compressed && (!model.latent || model.latent->q_lora_rank == 0)) {
    return InputError(place("index"), "is given without mla.q_lora_rank or compressed",
                      "the indexer's queries come from a latent");
  }
  return CheckBounds(place,
                     {{"index.top_k", 1.0 * index.top_k, 1, kMaxTokens},
                      {"index.heads", 1.0 * index.heads, 1, kMaxWidth},
                      {"index.head_dim", 1.0 * index.head_dim, 1, kMaxWidth},
                      {"index.leading_layers", 1.0 * index.leading_layers, 0, 1.0 * model.layers},
                      {"index.interval", 1.0 * index.interval, 1, 1.0 * model.layers}});
}

absl::Status CheckCompressed(const FieldPlace& place, const Architecture& model) {
  const CompressedAttention& compressed = *model.compressed;
  if (model.latent || model.sliding_window == 0) {
    return InputError(place("compressed"), "is given beside mla or without sliding_window",
                      "entries stand beside a window of plain tokens");
  }
  RETURN_IF_ERROR(CheckBounds(
      place, {{"compressed.q_lora_rank", 1.0 * compressed.q_lora_rank, 1, kMaxWidth},
              {"compressed.output_groups", 1.0 * compressed.output_groups, 1, 1.0 * model.heads},
              {"compressed.output_rank", 1.0 * compressed.output_rank, 1, kMaxWidth}}));
  const int places = model.layers + model.multi_token_prediction_layers;
  if (static_cast<int>(compressed.ratios.size()) != places) {
    return InputError(place("compressed.ratios"),
                      absl::StrCat("has ", compressed.ratios.size(), " numbers"),
                      absl::StrCat("give one for each of ", places, " layers and modules"));
  }
  for (const int ratio : compressed.ratios) {
    RETURN_IF_ERROR(CheckRange(place("compressed.ratios"), ratio, 0, kMaxTokens));
    if (ratio > 0 && ratio == compressed.selected_ratio && !model.index) {
      return InputError(place("compressed.selected_ratio"), absl::StrCat("is ", ratio),
                        "entries that are chosen need `index`");
    }
  }
  return CheckDivides(place, "compressed.output_groups", compressed.output_groups, "heads",
                      model.heads);
}

// What is not a plain transformer's.
absl::Status CheckMixers(const FieldPlace& place, const Architecture& model) {
  if (model.recurrence) RETURN_IF_ERROR(CheckRecurrence(place, *model.recurrence));
  if (!model.layer_pattern.empty()) RETURN_IF_ERROR(CheckPattern(place, model));
  if (model.recurrence && model.layer_pattern.empty() && model.full_attention_interval == 0) {
    return InputError(place("recurrence"), "is given without saying which layers recur",
                      "give layer_pattern or full_attention_interval");
  }
  if (model.index) RETURN_IF_ERROR(CheckIndex(place, model));
  if (model.compressed) RETURN_IF_ERROR(CheckCompressed(place, model));
  return CheckRange(place("residual_streams"), model.residual_streams, 1, kMaxLayers);
}

absl::Status CheckPositions(const FieldPlace& place, const Architecture& model) {
  if (model.positions == Positions::kLearned && model.max_positions == 0) {
    return InputError(place("max_positions"), "is missing",
                      "learned positions need the rows of their table");
  }
  return CheckBounds(place, {{"max_positions", 1.0 * model.max_positions, 0, kMaxTokens},
                             {"full_attention_interval", 1.0 * model.full_attention_interval, 0,
                              1.0 * model.layers},
                             {"sliding_window", 1.0 * model.sliding_window, 0, kMaxTokens}});
}

absl::Status CheckPublished(const FieldPlace& place, const char* field,
                            const std::optional<double>& published, double count) {
  if (!published) return absl::OkStatus();
  RETURN_IF_ERROR(CheckRange(place(field), *published, 1, 1e18));
  if (std::abs(*published - count) <= kPublishedCountTolerance * count) return absl::OkStatus();
  return InputError(place(field), absl::StrFormat("is %.6g", *published),
                    absl::StrFormat("the shape comes to %.6g: correct one of them", count));
}

}  // namespace

absl::Status CompleteArchitecture(const FieldPlace& place, Architecture* model) {
  RETURN_IF_ERROR(
      CheckBounds(place, {{"layers", 1.0 * model->layers, 1, kMaxLayers},
                          {"hidden", 1.0 * model->hidden, 1, kMaxWidth},
                          {"heads", 1.0 * model->heads, 1, kMaxWidth},
                          {"vocab", 1.0 * model->vocab, 1, kMaxVocab},
                          {"multi_token_prediction_layers",
                           1.0 * model->multi_token_prediction_layers, 0, kMaxLayers}}));
  RETURN_IF_ERROR(CompleteHeads(place, model));
  if (model->experts) RETURN_IF_ERROR(CompleteExperts(place, model));
  RETURN_IF_ERROR(CheckMixers(place, *model));
  bool needs_ffn = false;
  for (int layer = 0; layer < model->layers; ++layer) {
    needs_ffn = needs_ffn || KindOf(*model, layer).block == Block::kDense;
  }
  RETURN_IF_ERROR(CheckRange(place("ffn"), model->ffn, needs_ffn ? 1 : 0, kMaxWidth));
  RETURN_IF_ERROR(CheckPositions(place, *model));
  RETURN_IF_ERROR(CheckPublished(place, "published_parameters", model->published_parameters,
                                 CountParameters(*model).Total()));
  return CheckPublished(place, "published_active_parameters", model->published_active_parameters,
                        ActiveParameters(*model));
}

}  // namespace fleetsim
