#include "sim/validation/tuning.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/training/fit.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

// NVIDIA's fine-tuning tables run on SQuAD packed to full sequences (NeMo and Megatron-Bridge
// recipes, default data module). A token's example has 200 tokens in the mean: contexts of 117
// words, questions of 10 and answers of 3 (Rajpurkar et al. 2016), a prompt around them, and longer
// examples have more tokens. The LoRA rows' own ratio of flops to tokens allows 190 to 230.
constexpr double kAssumedSquadTokens = 200;

bool IsNvidiaTable(const MeasuredCase& measured) {
  return absl::StartsWith(measured.family, "nvidia-");
}

// Where the source does not say, what the framework's recipe has.
void SetAdapter(const MeasuredCase& measured, TrainingSpec& spec, std::vector<std::string>& rules) {
  Trainable& trainable = spec.trainable;
  const int stated = AdapterRank(measured);
  if (measured.family == "mlperf") {
    // The benchmark's rules: attention's two matrices, rank 16.
    trainable.adapter_rank = stated > 0 ? stated : 16;
    trainable.adapter_modules = {"linear_qkv", "linear_proj"};
  } else if (IsNvidiaTable(measured) && !absl::StrContains(measured.family, "cards")) {
    // Performance recipes of NeMo: the joint projection alone, rank 8 for models of 8 billion
    // parameters, 16 for larger ones.
    constexpr int kSmallHidden = 4096;
    trainable.adapter_rank = spec.model->hidden <= kSmallHidden ? 8 : 16;
    if (stated > 0) trainable.adapter_rank = stated;
    trainable.adapter_modules = {"linear_qkv"};
  } else {
    trainable.adapter_rank = stated > 0 ? stated : 32;
    trainable.adapter_modules = {"linear_qkv", "linear_proj", "linear_fc1", "linear_fc2"};
  }
  rules.push_back(absl::StrCat(stated > 0 ? "modules" : "rank and modules",
                               " of the adapters not stated: ", trainable.adapter_rank, " on ",
                               absl::StrJoin(trainable.adapter_modules, ", ")));
}

}  // namespace

void SetTuning(const MeasuredCase& measured, TrainingSpec& spec, std::vector<std::string>& rules) {
  if (!NamesFineTuning(measured)) return;
  if (NamesAdapters(measured)) {
    SetAdapter(measured, spec, rules);
    // Where a stack keeps parameters narrow, nothing else is needed of frozen ones.
    if (spec.stack->narrow.fp8_parameters) {
      if (spec.precision == DataType::kFp8) spec.trainable.storage = FrozenStorage::kFp8;
      if (spec.precision == DataType::kFp4) spec.trainable.storage = FrozenStorage::kNvfp4;
    }
  }
  if (IsNvidiaTable(measured) && spec.sequence_length > kAssumedSquadTokens) {
    spec.rows.attended = kAssumedSquadTokens;
    rules.push_back(absl::StrFormat("examples not stated: SQuAD packed, %.0f tokens each",
                                    kAssumedSquadTokens));
  }
}

void RecomputeToFit(Bytes capacity, TrainingSpec& spec, std::vector<std::string>& rules) {
  spec.recompute = Recompute::kNone;
  if (MemoryOf(spec).Total() <= capacity) {
    rules.push_back("recomputation not stated: none");
    return;
  }
  spec.recompute = Recompute::kFull;
  const int layers = spec.model->layers;
  int again = 1;
  for (; again < layers; ++again) {
    spec.recomputed_layers = static_cast<double>(again) / layers;
    if (MemoryOf(spec).Total() <= capacity) break;
  }
  spec.recomputed_layers = static_cast<double>(again) / layers;
  rules.push_back(absl::StrCat("recomputation not stated: ", again, " of ", layers,
                               " layers, with less it does not fit"));
}

}  // namespace fleetsim
