#include "sim/validation/note_facts.h"

#include <algorithm>
#include <limits>
#include <regex>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace fleetsim {
namespace {

// First group of `pattern` in the notes, or empty.
std::string Captured(const MeasuredCase& measured, const char* pattern) {
  std::smatch match;
  if (!std::regex_search(measured.notes, match, std::regex(pattern))) return {};
  return match[1];
}

bool HasWord(const std::string& text, const char* words) {
  return std::regex_search(
      text, std::regex(absl::StrCat("(^|[^a-z])(", words, ")([^a-z]|$)"), std::regex::icase));
}

}  // namespace

bool NamesFineTuning(const MeasuredCase& measured) {
  return HasWord(absl::StrCat(measured.model, " ", measured.id, " ", measured.notes),
                 "sft|lora|qlora|peft|fine-tuning");
}

bool NamesHybridModel(const MeasuredCase& measured) {
  // "Hybrid shard" is a way of data parallelism.
  return HasWord(absl::StrCat(measured.model, " ", measured.notes), "mamba|hybrid(?! shard)");
}

std::optional<bool> SequenceParallelStated(const MeasuredCase& measured) {
  if (absl::StrContains(measured.notes, "no sequence parallelism")) return false;
  if (absl::StrContains(measured.notes, "sequence parallelism") || HasWord(measured.notes, "SP")) {
    return true;
  }
  return std::nullopt;
}

std::vector<int> LayerSplit(const MeasuredCase& measured) {
  const std::string list =
      Captured(measured, "layer split incl\\. embedding and head \\[([0-9, ]+)\\]");
  std::vector<int> layers;
  for (absl::string_view item : absl::StrSplit(list, ',', absl::SkipEmpty())) {
    int count = 0;
    if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(item), &count)) return {};
    layers.push_back(count);
  }
  if (layers.empty()) return {};
  --layers.front();  // the embedding
  --layers.back();   // the loss head
  return layers;
}

int OptimizerShards(const MeasuredCase& measured) {
  int shards = 0;
  // PyTorch's hybrid sharding: within a host.
  if (HasWord(measured.notes, "hybrid shard")) return measured.per_node.value_or(8);
  if (absl::StrContains(measured.notes, "optimizer sharded over all")) {
    return std::numeric_limits<int>::max();
  }
  const std::string number = Captured(measured, "optimizer sharded over ([0-9]+) ranks");
  return absl::SimpleAtoi(number, &shards) ? shards : 0;
}

std::optional<int> ExpertTensor(const MeasuredCase& measured) {
  int ranks = 0;
  if (!absl::SimpleAtoi(Captured(measured, "expert TP ([0-9]+)"), &ranks)) return std::nullopt;
  return ranks;
}

bool WithoutPrediction(const MeasuredCase& measured) {
  return absl::StrContains(measured.notes, "w/o MTP");
}

std::optional<double> RecomputedLayers(const MeasuredCase& measured) {
  double model = 0.0, hardware = 0.0;
  for (const Measurement& measurement : measured.measurements) {
    if (measurement.metric == "mfu") model = measurement.value;
    if (measurement.metric == "hfu") hardware = measurement.value;
  }
  if (model <= 0.0 || hardware <= 0.0) return std::nullopt;
  return std::clamp(3.0 * (hardware / model - 1.0), 0.0, 1.0);
}

bool DoesNotCount(const MeasuredCase& measured) {
  return HasWord(measured.notes, "exclude|excluded|withdrawn|outlier");
}

}  // namespace fleetsim
