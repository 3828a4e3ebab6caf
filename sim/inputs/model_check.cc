#include "sim/inputs/model_check.h"

#include <cmath>

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
              {"moe.dense_layers", 1.0 * experts.dense_layers, 0, model->layers - 1.0}}));
  RETURN_IF_ERROR(CheckRouting(place, experts));
  if (model->ffn_bias) {
    return InputError(place("ffn_bias"), "is true beside experts",
                      "experts with biases are not modelled");
  }
  return absl::OkStatus();
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
  const bool needs_ffn =
      !model->experts || model->experts->dense_layers > 0 || model->experts->layer_interval > 1;
  RETURN_IF_ERROR(CheckRange(place("ffn"), model->ffn, needs_ffn ? 1 : 0, kMaxWidth));
  RETURN_IF_ERROR(CheckPositions(place, *model));
  RETURN_IF_ERROR(CheckPublished(place, "published_parameters", model->published_parameters,
                                 CountParameters(*model).Total()));
  return CheckPublished(place, "published_active_parameters", model->published_active_parameters,
                        ActiveParameters(*model));
}

}  // namespace fleetsim
