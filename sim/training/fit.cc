#include "sim/training/fit.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "sim/parallel/memory.h"
#include "sim/parallel/schedule.h"

namespace fleetsim {
namespace {

std::string Gigabytes(Bytes bytes) { return absl::StrFormat("%.1f GB", bytes.value() / 1e9); }

std::string Breakdown(const MemoryUse& use) {
  return absl::StrCat("weights ", Gigabytes(use.weights), ", gradients ", Gigabytes(use.gradients),
                      ", optimizer ", Gigabytes(use.optimizer), ", activations ",
                      Gigabytes(use.activations), ", working ", Gigabytes(use.working),
                      ", reserved ", Gigabytes(use.reserved), ", slack ", Gigabytes(use.slack));
}

using Change = std::pair<std::string, TrainingSpec>;

void AddRecomputation(const TrainingSpec& spec, std::vector<Change>& changes) {
  TrainingSpec changed = spec;
  if (spec.recompute == Recompute::kNone) {
    changed.recompute = Recompute::kSelective;
    changes.emplace_back("recompute SELECTIVE", changed);
  }
  if (spec.recompute != Recompute::kFull) {
    changed.recompute = Recompute::kFull;
    changes.emplace_back("recompute FULL", changed);
  }
}

// More of what the replicas hold in common is spread over them.
void AddSharding(const TrainingSpec& spec, std::vector<Change>& changes) {
  const int replicas = spec.strategy.data * spec.strategy.context;
  if (replicas == 1) return;
  for (int stage = std::max(2, spec.strategy.zero_stage + 1); stage <= 3; ++stage) {
    TrainingSpec changed = spec;
    changed.strategy.zero_stage = stage;
    if (spec.strategy.zero_stage == 0) changed.strategy.optimizer_shards = replicas;
    changed.strategy.accumulates_whole = stage == 2 && spec.strategy.pipeline > 1;
    changes.emplace_back(absl::StrCat("zero_stage ", stage), changed);
  }
}

// Experts on twice as many ranks, and so on.
void AddExperts(const TrainingSpec& spec, std::vector<Change>& changes) {
  if (!spec.model->experts) return;
  const Strategy& strategy = spec.strategy;
  for (int factor = 2; strategy.ExpertReplicas() % factor == 0 &&
                       spec.model->experts->experts % (strategy.expert * factor) == 0;
       factor *= 2) {
    TrainingSpec changed = spec;
    changed.strategy.expert *= factor;
    changes.emplace_back(absl::StrCat("expert ", changed.strategy.expert), changed);
  }
}

// The last resort: slow, but nothing else has to change.
void AddOffload(const TrainingSpec& spec, std::vector<Change>& changes) {
  if (spec.strategy.optimizer_offload >= 1.0) return;
  TrainingSpec changed = spec;
  changed.strategy.optimizer_offload = 1.0;
  changes.emplace_back("optimizer_offload_ratio 1", changed);
}

void AddDegrees(const TrainingSpec& spec, std::vector<Change>& changes) {
  const Strategy& strategy = spec.strategy;
  if (strategy.micro_batch > 1) {
    TrainingSpec changed = spec;
    changed.strategy.micro_batch = 1;
    changed.strategy.micro_batches *= strategy.micro_batch;
    changes.emplace_back("micro_batch_sequences 1", changed);
  }
  if (strategy.zero_stage == 0 && strategy.data > 1) {
    TrainingSpec changed = spec;
    changed.strategy.zero_stage = 1;
    changed.strategy.optimizer_shards = strategy.data * strategy.context;
    changes.emplace_back("zero_stage 1", changed);
  }
  AddExperts(spec, changes);
  AddSharding(spec, changes);
  for (int factor : {2, 4, 8}) {
    if (strategy.data % factor != 0 ||
        strategy.pipeline * strategy.virtual_stages * factor > spec.model->layers) {
      break;
    }
    TrainingSpec changed = spec;
    changed.strategy.pipeline *= factor;
    changed.strategy.data /= factor;
    changed.strategy.micro_batches *= factor;
    if (strategy.optimizer_shards > 1) changed.strategy.optimizer_shards /= factor;
    changed.strategy.chunk_layers =
        EvenChunks(spec.model->layers, changed.strategy.pipeline * strategy.virtual_stages);
    changes.emplace_back(
        absl::StrCat("pipeline ", changed.strategy.pipeline, " with data ", changed.strategy.data),
        changed);
  }
}

// Changes to try, the least painful first.
std::vector<Change> Changes(const TrainingSpec& spec) {
  std::vector<Change> changes;
  AddRecomputation(spec, changes);
  AddDegrees(spec, changes);
  std::vector<Change> both;
  if (spec.recompute != Recompute::kFull) {
    TrainingSpec full = spec;
    full.recompute = Recompute::kFull;
    AddDegrees(full, both);
  }
  for (auto& [name, changed] : both) changes.emplace_back(name + " and recompute FULL", changed);
  AddOffload(spec, changes);
  return changes;
}

}  // namespace

MemoryQuestion QuestionOf(const TrainingSpec& spec) {
  return {.model = spec.model,
          .stack = spec.stack,
          .strategy = spec.strategy,
          .recompute = spec.recompute,
          .recomputed_layers = spec.recomputed_layers,
          .sequence_length = spec.longest > 0 ? spec.longest : spec.sequence_length,
          .modules = spec.modules,
          .trainable = spec.trainable,
          .precision = spec.precision,
          .recipe = spec.recipe};
}

MemoryUse MemoryOf(const TrainingSpec& spec) { return PeakMemory(QuestionOf(spec)); }

absl::Status DoesNotFit(const MemoryUse& use, Bytes capacity, absl::string_view advice) {
  return Infeasible(absl::StrCat("does not fit: pipeline stage ", use.stage, " needs ",
                                 Gigabytes(use.Total()), " of ", Gigabytes(capacity), " (",
                                 Breakdown(use), "); ", advice));
}

absl::StatusOr<MemoryUse> CheckFits(const TrainingSpec& spec, Bytes capacity) {
  const MemoryUse use = MemoryOf(spec);
  if (use.Total() <= capacity) return use;
  std::string advice = "no single change of recomputation, micro-batch or degrees fits";
  for (const auto& [name, changed] : Changes(spec)) {
    const Bytes need = MemoryOf(changed).Total();
    if (need > capacity) continue;
    advice = absl::StrCat("smallest change that fits: ", name, " (", Gigabytes(need), ")");
    break;
  }
  return DoesNotFit(use, capacity, advice);
}

}  // namespace fleetsim
