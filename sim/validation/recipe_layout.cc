#include "sim/validation/recipe_layout.h"

#include <array>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

enum class Task { kPreTraining, kFullTuning, kAdapters };

struct RecipeLayout {
  const char* model;  // what the row's model starts with
  Task task;
  int tensor, pipeline, expert;
};

// Megatron-Bridge, recipes/gpt_oss/h100/gpt_oss.py: its recipes for H100.
constexpr std::array<RecipeLayout, 6> kRecipes = {{
    {"GPT-OSS-20B", Task::kPreTraining, 2, 4, 4},
    {"GPT-OSS-20B", Task::kFullTuning, 1, 1, 8},
    {"GPT-OSS-20B", Task::kAdapters, 1, 1, 1},
    {"GPT-OSS-120B", Task::kPreTraining, 2, 4, 16},
    {"GPT-OSS-120B", Task::kFullTuning, 1, 4, 8},
    {"GPT-OSS-120B", Task::kAdapters, 1, 1, 8},
}};

Task TaskOf(const MeasuredCase& measured) {
  if (NamesAdapters(measured)) return Task::kAdapters;
  return NamesFineTuning(measured) ? Task::kFullTuning : Task::kPreTraining;
}

const RecipeLayout* RecipeOf(const MeasuredCase& measured) {
  for (const RecipeLayout& recipe : kRecipes) {
    if (absl::StartsWith(measured.model, recipe.model) && recipe.task == TaskOf(measured)) {
      return &recipe;
    }
  }
  return nullptr;
}

void Fill(std::optional<int>& stated, int recipe, const char* name, std::string& filled) {
  if (stated) return;
  stated = recipe;
  absl::StrAppend(&filled, " ", name, " ", recipe);
}

}  // namespace

MeasuredCase CompletedByRecipe(const MeasuredCase& measured, std::vector<std::string>& rules) {
  MeasuredCase completed = measured;
  // Cards of runs that were not tuned ran the library's recipes as they are.
  if (measured.family != "nvidia-bridge-cards" ||
      !absl::StrContains(measured.notes, "functional")) {
    return completed;
  }
  std::string filled;
  if (const RecipeLayout* recipe = RecipeOf(measured)) {
    Fill(completed.tensor, recipe->tensor, "tensor", filled);
    Fill(completed.pipeline, recipe->pipeline, "pipeline", filled);
    Fill(completed.expert, recipe->expert, "expert", filled);
  }
  Fill(completed.micro_batch, 1, "micro-batch", filled);
  if (!filled.empty()) rules.push_back(absl::StrCat("not stated, the recipe's:", filled));
  return completed;
}

}  // namespace fleetsim
