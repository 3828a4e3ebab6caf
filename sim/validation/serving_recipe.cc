#include "sim/validation/serving_recipe.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fleetsim {
namespace {

// vllm-ascend, tests/e2e/nightly/{single_node/models/configs,multi_node/config}/NAME.yaml, and its
// tutorial of Kimi-K2-Thinking: --max-num-seqs, --max-num-batched-tokens, cudagraph_mode (without
// one the release's own, in pieces, ran), --speculative-config. Kimi-K2.5's draft model yields 3.2
// tokens a step on the benchmark's GSM8K (card of lightseekorg/kimi-k2.5-eagle3).
constexpr std::array<ServingRecipe, 11> kRecipes = {{
    {"Qwen3-32B-Int8-A2", 0, 40960, true, 0, 0},
    {"Qwen3-32B-Int8", 80, 40960, true, 0, 0},
    {"Qwen3_32b_w8a8_ml_A3", 256, 40960, true, 0, 0},
    {"Qwen3_32b_W8A8_wl_A3", 0, 36784, false, 0, 0},
    {"Qwen3-32B-QuaRot-eagle3", 0, 0, false, 0, 0},
    {"Qwen3-235B-A22B", 32, 8192, false, 0, 0},
    {"DeepSeek-R1-0528-W8A8", 16, 4096, false, 0, 0},
    {"Deepseek_R1_W8A8_A3", 16, 4096, true, 0, 0},
    {"Kimi-K2_5-W4A8-A2", 64, 8192, true, 3, 3.2},
    {"Kimi-K2.6-w4a8-A3", 24, 4096, true, 0, 0},
    {"Kimi-K2-Thinking", 12, 8192, false, 0, 0},
}};

// How the table's sources name them.
bool Names(const std::string& source, const char* recipe) {
  return absl::StrContains(source, absl::StrCat("baseline of ", recipe, ")")) ||
         absl::EndsWith(source, absl::StrCat("tutorials/models/", recipe, ".md"));
}

}  // namespace

const ServingRecipe* RecipeOf(const ServingCase& point) {
  const std::string& source = point.measured.source;
  if (!absl::StrContains(source, "vllm-ascend")) return nullptr;
  for (const ServingRecipe& recipe : kRecipes) {
    if (Names(source, recipe.name)) return &recipe;
  }
  return nullptr;
}

}  // namespace fleetsim
