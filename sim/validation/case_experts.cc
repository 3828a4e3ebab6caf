#include "sim/validation/case_experts.h"

#include <optional>

#include "absl/strings/match.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

int Noted(const MeasuredCase& measured, const char* pattern) {
  return static_cast<int>(StatedNumber(measured, pattern).value_or(0.0));
}

// DeepSeek-V2 (arXiv 2405.04434, section 3.1.2); V3 has the same.
constexpr LatentAttention kDeepSeek = {.q_lora_rank = 1536,
                                       .kv_lora_rank = 512,
                                       .qk_nope_head_dim = 128,
                                       .qk_rope_head_dim = 64,
                                       .v_head_dim = 128};

}  // namespace

absl::Status SetExperts(const MeasuredCase& measured, Architecture& model) {
  // Other families' notes leave out shared experts and leading dense layers.
  if (!absl::StartsWith(measured.family, "ascend") || !measured.experts_per_token) {
    return absl::UnimplementedError("no model of that name: row does not state all of its experts");
  }
  Experts experts;
  experts.experts = *measured.experts;
  experts.per_token = *measured.experts_per_token;
  experts.ffn = Noted(measured, "expert ffn ([0-9]+)()");
  if (experts.ffn == 0) experts.ffn = model.ffn;
  experts.shared = Noted(measured, "([0-9]+)() shared experts");
  experts.shared_ffn = experts.shared > 0 ? experts.ffn : 0;
  experts.dense_layers = Noted(measured, "first ([0-9]+)() layers dense");
  if (experts.dense_layers == 0) model.ffn = 0;
  model.multi_token_prediction_layers = Noted(measured, "([0-9]+)() further-token module");
  if (absl::StrContains(measured.notes, "MLA")) model.latent = kDeepSeek;
  model.experts = experts;
  return absl::OkStatus();
}

}  // namespace fleetsim
