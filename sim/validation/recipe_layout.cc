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
  const char* model;        // what the row's model starts with
  const char* accelerator;  // the row's, or empty: any
  Task task;
  int tensor, pipeline, expert, micro_batch;
  const char* recomputed;  // empty: as the rules of every family say
};

// Megatron-Bridge, recipes/gpt_oss/h100/gpt_oss.py and recipes/nemotronh/{h100,gb200}/
// nemotron_3_5_nano.py.
constexpr std::array<RecipeLayout, 8> kRecipes = {{
    {"GPT-OSS-20B", "", Task::kPreTraining, 2, 4, 4, 1, ""},
    {"GPT-OSS-20B", "", Task::kFullTuning, 1, 1, 8, 1, ""},
    {"GPT-OSS-20B", "", Task::kAdapters, 1, 1, 1, 1, ""},
    {"GPT-OSS-120B", "", Task::kPreTraining, 2, 4, 16, 1, ""},
    {"GPT-OSS-120B", "", Task::kFullTuning, 1, 4, 8, 1, ""},
    {"GPT-OSS-120B", "", Task::kAdapters, 1, 1, 8, 1, ""},
    {"nemotron-3.5-lightning", "H100-80GB SXM", Task::kPreTraining, 1, 1, 8, 1,
     "selective: moe+layernorm+core_attn"},
    {"nemotron-3.5-lightning", "GB200", Task::kPreTraining, 1, 1, 8, 2, "none"},
}};

Task TaskOf(const MeasuredCase& measured) {
  if (NamesAdapters(measured)) return Task::kAdapters;
  return NamesFineTuning(measured) ? Task::kFullTuning : Task::kPreTraining;
}

const RecipeLayout* RecipeOf(const MeasuredCase& measured) {
  for (const RecipeLayout& recipe : kRecipes) {
    const absl::string_view accelerator = recipe.accelerator;
    if (absl::StartsWith(measured.model, recipe.model) && recipe.task == TaskOf(measured) &&
        (accelerator.empty() || measured.accelerator == accelerator)) {
      return &recipe;
    }
  }
  return nullptr;
}

// What a performance preset computes again and sends to the host, where it does either.
struct Preset {
  const char* model;        // what the row's model starts with
  const char* accelerator;  // the row's, or empty: any
  const char* containing;   // in the row's source, id or precision
  const char* recomputed;
  int offloaded_layers;
};

// Megatron-Bridge, scripts/performance/configs, *_workload_base_configs.py, and perf_recipes; the
// first that fits.
constexpr std::array<Preset, 16> kPresets = {{
    {"DeepSeek-V3", "GB300", "container 26.06", "none", 0},
    {"DeepSeek-V3", "GB300", "container 26.08", "none", 0},
    {"DeepSeek-V3", "GB300", "bf16", "selective: moe_act", 0},
    {"DeepSeek-V3", "GB200", "fp8", "selective: mlp", 0},
    {"DeepSeek-V3", "B200", "26.04.01", "selective: mla_up_proj+mlp", 0},
    {"DeepSeek-V3", "H100-80GB SXM", "", "selective: mla_up_proj+mlp", 0},
    {"DeepSeek-V3", "", "", "selective: mla_up_proj", 0},
    {"DeepSeek-V4", "", "", "selective: mla_up_proj", 0},
    {"Nemotron-3-Nano", "H100-80GB SXM", "fp8", "selective: moe+layernorm+core_attn", 0},
    {"Nemotron-3-Ultra", "", "", "selective: moe_act", 0},
    {"nemotron-3.5-lightning", "H100-80GB SXM", "", "selective: moe+layernorm", 0},
    {"GPT-OSS-120B", "GB200", "bf16", "selective: layernorm+moe_act", 0},
    {"GPT-OSS-120B", "B200", "bf16", "selective: layernorm+moe_act", 0},
    {"GPT-OSS-120B", "H100-80GB SXM", "", "selective: layernorm+moe_act", 0},
    {"Llama-3-70B", "GB200", "FSDP", "none", 40},
    {"Llama-3-70B", "GB300", "FSDP", "none", 20},
}};

const Preset* PresetOf(const MeasuredCase& measured) {
  const std::string all =
      absl::StrCat(measured.source, " ", measured.id, " ", measured.notes, " ", measured.precision);
  for (const Preset& preset : kPresets) {
    const absl::string_view accelerator = preset.accelerator;
    if (absl::StartsWith(measured.model, preset.model) &&
        (accelerator.empty() || measured.accelerator == accelerator) &&
        absl::StrContains(all, preset.containing)) {
      return &preset;
    }
  }
  return nullptr;
}

// The presets compute nothing again but what the table has.
void ApplyPreset(MeasuredCase& completed, std::vector<std::string>& rules) {
  if (!completed.recompute.empty() || NamesFineTuning(completed)) return;
  const Preset* preset = PresetOf(completed);
  completed.recompute = preset != nullptr ? preset->recomputed : "none";
  rules.push_back(absl::StrCat("recomputation not stated: the preset's ", completed.recompute));
  if (preset == nullptr || preset->offloaded_layers == 0) return;
  const std::string offloaded =
      absl::StrCat("activations of ", preset->offloaded_layers, " layers offloaded");
  absl::StrAppend(&completed.notes, "; ", offloaded);
  rules.push_back(absl::StrCat("not stated, the preset's: ", offloaded));
}

struct CaseBatch {
  const char* model;
  int micro_batch;
};

// FlagPerf, training/nvidia/{gpt3_6.7B,llama1_7B}-paddle/README.md: per_device_bs of the
// configurations whose results the rows are; their virtual_pp_degree is 1.
constexpr std::array<CaseBatch, 4> kPaddleCases = {
    {{"GPT3-6.7B", 4}, {"GPT3-13B", 4}, {"LLAMA-7B", 2}, {"LLAMA-13B", 2}}};

void Fill(std::optional<int>& stated, int recipe, const char* name, std::string& filled) {
  if (stated) return;
  stated = recipe;
  absl::StrAppend(&filled, " ", name, " ", recipe);
}

// What the recipes of cards that were not tuned have: they ran as they are. Tuned ones have the
// same layout.
std::string FillFromCard(MeasuredCase& completed, bool tuned) {
  std::string filled;
  const RecipeLayout* recipe = RecipeOf(completed);
  if (recipe != nullptr) {
    Fill(completed.tensor, recipe->tensor, "tensor", filled);
    Fill(completed.pipeline, recipe->pipeline, "pipeline", filled);
    Fill(completed.expert, recipe->expert, "expert", filled);
    Fill(completed.micro_batch, recipe->micro_batch, "micro-batch", filled);
    if (completed.recompute.empty() && *recipe->recomputed != '\0') {
      completed.recompute = recipe->recomputed;
      absl::StrAppend(&filled, " recomputation ", recipe->recomputed);
    }
  }
  if (!tuned) Fill(completed.micro_batch, 1, "micro-batch", filled);
  return filled;
}

std::string FillFromPaddle(MeasuredCase& completed) {
  std::string filled;
  for (const CaseBatch& known : kPaddleCases) {
    if (completed.model != known.model) continue;
    Fill(completed.micro_batch, known.micro_batch, "micro-batch", filled);
    Fill(completed.virtual_stages, 1, "virtual stages", filled);
  }
  return filled;
}

// NeMo, scripts/performance/recommended_model_configs/model_configs_{gb200,h100}.csv.
std::string FillFromNemo(MeasuredCase& completed) {
  if (!completed.recompute.empty()) return "";
  const bool rack = completed.accelerator == "GB200";
  completed.recompute = rack ? "selective: core_attn" : "selective: mla_up_proj";
  return absl::StrCat(" recomputation ", completed.recompute);
}

// Paxml, contrib/gpu/scripts_gpu/configs.py, GPT5BSynthetic: SAVE_DOT_WITH_NO_BATCH_DIM keeps what
// products with weights give, SAVE_NOTHING is its policy in FP8.
std::string FillFromPaxml(MeasuredCase& completed) {
  if (!completed.recompute.empty()) return "";
  completed.recompute = completed.precision == "fp8" ? "full" : "selective";
  return absl::StrCat(" recomputation ", completed.recompute);
}

// torchtitan, benchmarks/asyncTP_llama3_h100_2025-06_torchtitan.md: hosts and commands of the rows
// that tell asynchronous tensor parallelism from none.
std::string FillFromTorchtitan(MeasuredCase& completed) {
  completed.accelerator = "H100-96GB HBM2e 500W";
  completed.recompute = "full";
  return " boards of 96 GB and 500 W, full recomputation";
}

}  // namespace

MeasuredCase CompletedByRecipe(const MeasuredCase& measured, std::vector<std::string>& rules) {
  MeasuredCase completed = measured;
  const bool tuned = absl::StrContains(measured.notes, "tuned recipe");
  if (measured.family == "nvidia-bridge" || (measured.family == "nvidia-bridge-cards" && tuned)) {
    ApplyPreset(completed, rules);
  }
  const bool card = measured.family == "nvidia-bridge-cards";
  std::string filled;
  if (card && (tuned || absl::StrContains(measured.notes, "functional"))) {
    filled = FillFromCard(completed, tuned);
  } else if (measured.family == "flagperf" && absl::StrContains(measured.notes, "PaddleNLP")) {
    filled = FillFromPaddle(completed);
  } else if (measured.family == "nvidia-dgxc" && absl::StrContains(measured.model, "Paxml")) {
    filled = FillFromPaxml(completed);
  } else if (measured.family == "nvidia-dgxc" && absl::StartsWith(measured.model, "DeepSeek-V3")) {
    filled = FillFromNemo(completed);
  } else if (measured.family == "torchtitan" && absl::StrContains(measured.notes, "async TP")) {
    filled = FillFromTorchtitan(completed);
  }
  if (!filled.empty()) rules.push_back(absl::StrCat("not stated, the recipe's:", filled));
  return completed;
}

}  // namespace fleetsim
