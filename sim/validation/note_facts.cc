#include "sim/validation/note_facts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
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

// "6/3/2/3", "1,15" as numbers; empty where one is none.
std::vector<int> Numbers(const std::string& list, char separator) {
  std::vector<int> numbers;
  for (absl::string_view item : absl::StrSplit(list, separator, absl::SkipEmpty())) {
    int number = 0;
    if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(item), &number)) return {};
    numbers.push_back(number);
  }
  return numbers;
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

bool NamesAdapters(const MeasuredCase& measured) {
  return HasWord(absl::StrCat(measured.model, " ", measured.id, " ", measured.notes),
                 "lora|qlora|peft");
}

int AdapterRank(const MeasuredCase& measured) {
  int rank = 0;
  return absl::SimpleAtoi(Captured(measured, "LoRA r([0-9]+)"), &rank) ? rank : 0;
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
  // Compares it on and off, and says so where it is on (Korthikanti et al. 2022, figure 7).
  if (absl::StrContains(measured.source, "Korthikanti")) return false;
  return std::nullopt;
}

std::vector<int> LayerSplit(const MeasuredCase& measured) {
  const std::string list =
      Captured(measured, "layer split incl\\. embedding and head \\[([0-9, ]+)\\]");
  std::vector<int> layers = Numbers(list, ',');
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

double ExpertCapacity(const MeasuredCase& measured) {
  return StatedNumber(measured, "expert capacity factor ([0-9.]*[0-9])()").value_or(1.0);
}

bool NamesUlysses(const MeasuredCase& measured) {
  return absl::StrContains(measured.notes, "Ulysses");
}

bool NamesShortSamples(const MeasuredCase& measured) {
  return absl::StrContains(measured.notes, "samples are shorter than the sequence length");
}

RecomputeModules StatedModules(const MeasuredCase& measured) {
  std::string text = absl::AsciiStrToLower(measured.recompute);
  text = text.substr(text.find(':') == std::string::npos ? 0 : text.find(':') + 1);
  RecomputeModules modules;
  for (absl::string_view part : absl::StrSplit(text, '+')) {
    std::string name(absl::StripAsciiWhitespace(part));
    if (name == "core attention") name = "core_attn";
    if (name == "mlp only") name = "mlp";
    if (!AddRecomputeModule(name, modules)) return {};
  }
  return modules;
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

std::optional<double> RecomputedShare(const MeasuredCase& measured, int layers, int chunks) {
  int block = 0;
  if (absl::SimpleAtoi(Captured(measured, "recompute block over ([0-9]+) layers"), &block)) {
    const bool by_rank = absl::StrContains(measured.notes, "layers of each pipeline rank");
    const int parts = by_rank ? measured.pipeline.value_or(1) : chunks;
    return std::min(1.0, static_cast<double>(block) * parts / layers);
  }
  const std::vector<int> stages =
      Numbers(Captured(measured, "recompute on ([0-9/]+) layers per stage"), '/');
  if (stages.empty()) return std::nullopt;
  return std::min(1.0, std::accumulate(stages.begin(), stages.end(), 0.0) / layers);
}

std::vector<int> NoOpLayers(const MeasuredCase& measured) {
  return Numbers(Captured(measured, "no-op layers ([0-9,]+)"), ',');
}

int GlobalBatchStated(const MeasuredCase& measured, int wave) {
  double million_tokens = 0.0;
  if (absl::SimpleAtod(Captured(measured, "global batch ([0-9.]+)M tokens"), &million_tokens)) {
    // A batch of "4M" is 4 x 2^20 tokens where sequences are powers of two.
    return static_cast<int>(million_tokens * (1 << 20) / measured.sequence_length.value_or(2048));
  }
  double tokens = 0.0;
  if (absl::SimpleAtod(Captured(measured, "about ([0-9]+) tokens per step"), &tokens)) {
    return static_cast<int>(std::lround(tokens / measured.sequence_length.value_or(2048)));
  }
  int steps = 0;
  return absl::SimpleAtoi(Captured(measured, "([0-9]{1,4}) accumulation steps"), &steps)
             ? steps * wave
             : 0;
}

bool NamesActivationSwap(const MeasuredCase& measured) {
  return absl::StrContains(measured.notes, "swap attention");
}

double OffloadedLayers(const MeasuredCase& measured) {
  return StatedNumber(measured, "activations of ([0-9]+)() layers offloaded").value_or(0.0);
}

bool NamesTwoDimensionalTensor(const MeasuredCase& measured) {
  return absl::StrContains(measured.notes, "2D TP");
}

double NominalParameters(const MeasuredCase& measured) {
  std::smatch match;
  double billions = 0.0;
  const std::regex size("[-_ ]([0-9]+(\\.[0-9]+)?)[bB](?![a-zA-Z0-9])");
  if (!std::regex_search(measured.model, match, size)) return 0.0;
  return absl::SimpleAtod(match[1].str(), &billions) ? billions * 1e9 : 0.0;
}

std::optional<double> StatedNumber(const MeasuredCase& measured, const char* pattern) {
  std::smatch match;
  double value = 0.0;
  if (!std::regex_search(measured.notes, match, std::regex(pattern)) ||
      !absl::SimpleAtod(match[1].str(), &value)) {
    return std::nullopt;
  }
  const std::string suffix = match.size() > 2 ? match[2].str() : "";
  if (suffix == "T") value *= 1e12;
  if (suffix == "B") value *= 1e9;
  if (suffix == "M") value *= 1e6;
  return value;
}

bool DoesNotCount(const MeasuredCase& measured) {
  return HasWord(measured.notes, "exclude|excluded|withdrawn|outlier");
}

}  // namespace fleetsim
