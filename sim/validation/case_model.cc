#include "sim/validation/case_model.h"

#include <algorithm>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "sim/validation/case_experts.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

const Architecture* Find(const std::map<std::string, Architecture>& models,
                         const std::string& name) {
  for (const auto& [key, model] : models) {
    if (absl::EqualsIgnoreCase(key, name)) return &model;
    for (const std::string& alias : model.aliases) {
      if (absl::EqualsIgnoreCase(alias, name)) return &model;
    }
  }
  return nullptr;
}

// A label of a series of hybrids ("mamba2-L56"): the catalog's model of the series with that width
// and depth, since no column states a recurrence.
const Architecture* FindHybrid(const std::map<std::string, Architecture>& models,
                               const MeasuredCase& measured, std::vector<std::string>& rules) {
  const std::string series = measured.model.substr(0, measured.model.find('-') + 1);
  for (const auto& [name, model] : models) {
    if (!model.recurrence || series.empty() || !absl::StartsWithIgnoreCase(name, series)) continue;
    if (measured.hidden != model.hidden || measured.layers != model.layers) continue;
    rules.push_back(absl::StrCat("state-space layers not stated: those of ", name));
    return &model;
  }
  return nullptr;
}

constexpr int kAssumedVocabulary = 50257;

// "Llama-3-8B SFT", "Nemotron-4-340B strong": the model without how it is trained or scaled.
std::string BaseName(const std::string& name) {
  return std::regex_replace(
      name, std::regex(" (SFT|LORA|PEFT|QLORA|MAXTEXT|PAXML|STRONG)\\b.*", std::regex::icase), "");
}

// Megatron-LM's GPT: LayerNorm, biases, learned positions, embedding shared with the loss head.
void MakeGpt(int sequence_length, Architecture& model) {
  model.norm = NormKind::kLayerNorm;
  model.positions = Positions::kLearned;
  model.max_positions = sequence_length;
  model.attention_bias = model.qkv_bias = model.ffn_bias = true;
  model.tied_embeddings = true;
}

// What a series of models has and the columns do not say (their published config.json files).
struct Series {
  const char* name;  // the model's begins so
  int head_dim;      // zero: hidden / heads
  bool qk_norm, sandwich_norm, tied_embeddings;
};
constexpr Series kSeries[] = {
    {"gemma2", 256, false, true, true}, {"gemma", 256, false, false, true},
    {"qwen3", 128, true, false, false}, {"seed", 128, false, false, false},
    {"minicpm", 0, false, false, true}, {"qwen2-0.5b", 0, false, false, true}};

void ApplySeries(const std::string& name, Architecture& model) {
  for (const Series& series : kSeries) {
    if (!absl::StartsWithIgnoreCase(name, series.name)) continue;
    if (series.head_dim > 0) model.head_dim = series.head_dim;
    model.qk_norm = series.qk_norm;
    model.sandwich_norm = series.sandwich_norm;
    model.tied_embeddings = series.tied_embeddings;
    return;
  }
}

}  // namespace

absl::StatusOr<Architecture> ModelOf(const MeasuredCase& measured,
                                     const std::map<std::string, Architecture>& models,
                                     std::vector<std::string>& rules) {
  const Architecture* known = Find(models, BaseName(measured.model));
  if (known == nullptr && NamesHybridModel(measured)) {
    known = FindHybrid(models, measured, rules);
    if (known == nullptr) {
      return absl::UnimplementedError("shape of the hybrid's recurrent layers is not stated");
    }
  }
  if (known == nullptr && (!measured.layers || !measured.hidden || !measured.heads)) {
    return absl::UnimplementedError("row does not state the model's shape");
  }
  Architecture model = known != nullptr ? *known : Architecture();
  model.name = measured.model;
  const bool cut = measured.layers && *measured.layers != model.layers;
  if (cut && (!model.layer_pattern.empty() || model.compressed)) {
    return absl::UnimplementedError("another depth of a model whose layers differ");
  }
  if (measured.layers) model.layers = *measured.layers;
  if (WithoutPrediction(measured)) model.multi_token_prediction_layers = 0;
  if (known != nullptr) return model;
  model.hidden = *measured.hidden;
  model.heads = *measured.heads;
  model.kv_heads = measured.kv_heads.value_or(model.heads);
  if (model.hidden % model.heads != 0 || model.heads % std::max(1, model.kv_heads) != 0) {
    return absl::UnimplementedError("heads do not divide the hidden size");
  }
  model.head_dim = model.hidden / model.heads;
  model.ffn = measured.ffn.value_or(4 * model.hidden);
  model.vocab = measured.vocab.value_or(kAssumedVocabulary);
  if (!measured.vocab) {
    rules.push_back(absl::StrCat("vocabulary not stated: ", model.vocab, ", GPT-2's"));
  }
  model.gated_ffn = model.ffn != 4 * model.hidden || model.kv_heads < model.heads ||
                    absl::StrContains(absl::AsciiStrToLower(measured.model), "llama");
  if (!model.gated_ffn) MakeGpt(measured.sequence_length.value_or(2048), model);
  ApplySeries(measured.model, model);
  if (measured.experts.value_or(0) > 0) RETURN_IF_ERROR(SetExperts(measured, model));
  rules.push_back(model.gated_ffn ? "block type not stated: Llama" : "block type not stated: GPT");
  return model;
}

absl::StatusOr<const SoftwareStack*> StackOf(const MeasuredCase& measured, const Catalog& catalog) {
  if (!measured.stack.empty()) return FindStack(catalog, measured.stack);
  const SoftwareStack* found = nullptr;
  size_t specific = 0;
  for (const auto& [name, stack] : catalog.stacks) {
    for (const MeasuredOrigin& origin : stack.measured_origins) {
      const std::string all =
          measured.source + " " + measured.id + " " + measured.notes + " " + measured.precision;
      if (origin.family != measured.family || !absl::StrContains(all, origin.contains)) continue;
      // The longest text wins: a rule for one source beats the one for its whole family.
      if (found == nullptr || origin.contains.size() > specific) {
        found = &stack;
        specific = origin.contains.size();
      }
    }
  }
  if (found != nullptr) return found;
  return absl::UnimplementedError(
      absl::StrCat("no software stack in the catalog for family '", measured.family, "'"));
}

}  // namespace fleetsim
