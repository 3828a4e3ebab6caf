#include "sim/validation/translate.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/parallel/schedule.h"
#include "sim/training/fit.h"
#include "sim/validation/case_fleet.h"
#include "sim/validation/case_model.h"
#include "sim/validation/case_precision.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

// A run whose simulated memory is above its accelerators' by less may have fitted all the same.
constexpr double kAssumedMemoryModelError = 1.3;

absl::Status Missing(absl::string_view what) { return absl::UnimplementedError(what); }

absl::Status CheckKind(const MeasuredCase& measured) {
  if (measured.experts.value_or(0) > 0 || measured.expert.value_or(1) > 1) {
    return Missing("mixture-of-experts training step");
  }
  if (NamesFineTuning(measured)) return Missing("fine-tuning job");
  if (NamesHybridModel(measured)) return Missing("hybrid (state-space) layers");
  if (measured.zero_stage == 2) return Missing("ZeRO stage 2");
  return absl::OkStatus();
}

absl::StatusOr<Recompute> RecomputeOf(const MeasuredCase& measured) {
  const std::string& stated = measured.recompute;
  if (stated == "none") return Recompute::kNone;
  if (stated == "full") return Recompute::kFull;
  if (stated == "selective" || stated == "selective: core_attn") return Recompute::kSelective;
  if (!stated.empty()) return Missing(absl::StrCat("recomputation of ", stated));
  return Recompute::kNone;  // or what fits, see CompleteRecomputation
}

absl::Status SetDegrees(const MeasuredCase& measured, Strategy& strategy,
                        std::vector<std::string>& rules) {
  if (!measured.accelerators) return Missing("row does not state the number of accelerators");
  strategy.tensor = measured.tensor.value_or(1);
  strategy.pipeline = measured.pipeline.value_or(1);
  strategy.context = measured.context.value_or(1);
  if (strategy.tensor < 1 || strategy.pipeline < 1 || strategy.context < 1) {
    return Missing("a parallel degree of zero");
  }
  const int model_parallel = strategy.tensor * strategy.pipeline * strategy.context;
  const int left = *measured.accelerators / model_parallel;
  strategy.data = measured.data.value_or(left);
  if (strategy.data != left || left * model_parallel != *measured.accelerators) {
    // Some tables fold the context degree into the data degree.
    if (measured.data && strategy.data == left * strategy.context) {
      strategy.data = left;
      rules.push_back("data degree includes the context degree");
    } else {
      return Missing("degrees do not multiply to the number of accelerators");
    }
  }
  return absl::OkStatus();
}

absl::Status SetBatch(const MeasuredCase& measured, Strategy& strategy,
                      std::vector<std::string>& rules) {
  strategy.micro_batch = std::max(1, measured.micro_batch.value_or(1));
  int global = measured.global_batch.value_or(0);
  if (global == 0) {
    global = strategy.micro_batch * strategy.data;
    rules.push_back("global batch not stated: one micro-batch a replica");
  }
  const int wave = strategy.micro_batch * strategy.data;
  if (wave <= 0 || global < wave) return Missing("global batch below one micro-batch a replica");
  // Published batches do not always divide; the run then has a last, smaller micro-batch.
  strategy.micro_batches = (global + wave - 1) / wave;
  if (strategy.micro_batches > kMaxMicroBatches) {
    return Missing(absl::StrCat("more than ", kMaxMicroBatches, " micro-batches a replica"));
  }
  if (global % wave != 0) rules.push_back("global batch rounded up to whole micro-batches");
  return absl::OkStatus();
}

absl::Status SetChunks(const MeasuredCase& measured, const Architecture& model,
                       Strategy& strategy) {
  strategy.virtual_stages =
      strategy.pipeline > 1 ? std::max(1, measured.virtual_stages.value_or(1)) : 1;
  const int chunks = strategy.pipeline * strategy.virtual_stages;
  if (chunks > model.layers + 2) return Missing("more pipeline chunks than layers");
  strategy.chunk_layers = EvenChunks(model.layers, chunks);
  const std::vector<int> split = LayerSplit(measured);
  if (static_cast<int>(split.size()) == chunks &&
      std::accumulate(split.begin(), split.end(), 0) == model.layers) {
    strategy.chunk_layers = split;
  }
  return absl::OkStatus();
}

void SetSharding(const MeasuredCase& measured, const SoftwareStack& stack, Strategy& strategy,
                 std::vector<std::string>& rules) {
  strategy.sequence_parallel = strategy.tensor > 1 && stack.sequence_parallel;
  const std::optional<bool> stated = SequenceParallelStated(measured);
  if (stated) strategy.sequence_parallel = *stated && strategy.tensor > 1;
  strategy.zero_stage = measured.zero_stage.value_or(stack.default_zero_stage);
  if (!measured.zero_stage) {
    rules.push_back(absl::StrCat("ZeRO stage not stated: the stack's ", stack.default_zero_stage));
  }
  const int replicas = strategy.data * strategy.context;
  strategy.optimizer_shards = strategy.zero_stage >= 1 ? replicas : 1;
  const int stated_shards = OptimizerShards(measured);
  if (stated_shards > 0 && replicas % stated_shards == 0) {
    strategy.optimizer_shards = std::min(replicas, stated_shards);
  }
}

// What a table calls selective may be full recomputation of some layers; what it does not mention
// is what the run needs to fit.
void CompleteRecomputation(const MeasuredCase& measured, Bytes capacity, TrainingSpec& spec,
                           std::vector<std::string>& rules) {
  if (spec.recompute == Recompute::kSelective && spec.stack->selective_by_layer) {
    spec.recompute = Recompute::kFull;
    spec.recomputed_layers = RecomputedLayers(measured).value_or(1.0);
    rules.push_back(absl::StrFormat("%.0f %% of the layers recompute, from hfu over mfu",
                                    100.0 * spec.recomputed_layers));
  }
  if (!measured.recompute.empty()) return;
  rules.push_back("recomputation not stated: none");
  for (Recompute recompute : {Recompute::kSelective, Recompute::kFull}) {
    if (MemoryOf(spec).Total() <= capacity * kAssumedMemoryModelError) return;
    spec.recompute = recompute;
    rules.back() = absl::StrCat(
        "recomputation not stated: ", recompute == Recompute::kFull ? "full" : "selective",
        ", without it does not fit");
  }
}

}  // namespace

absl::StatusOr<Translation> Translate(const MeasuredCase& measured, const Catalog& catalog,
                                      const Models& models) {
  RETURN_IF_ERROR(CheckKind(measured));
  Translation result;
  TrainingSpec& spec = result.spec;
  ASSIGN_OR_RETURN(spec.recompute, RecomputeOf(measured));
  ASSIGN_OR_RETURN(Architecture model, ModelOf(measured, models, result.rules));
  result.model = std::make_unique<Architecture>(std::move(model));
  spec.model = result.model.get();
  ASSIGN_OR_RETURN(spec.stack, StackOf(measured, catalog));
  RETURN_IF_ERROR(SetPrecision(measured, spec, result.rules));
  if (!measured.sequence_length) return Missing("row does not state the sequence length");
  spec.sequence_length = *measured.sequence_length;
  RETURN_IF_ERROR(SetDegrees(measured, spec.strategy, result.rules));
  RETURN_IF_ERROR(SetBatch(measured, spec.strategy, result.rules));
  RETURN_IF_ERROR(SetChunks(measured, *spec.model, spec.strategy));
  SetSharding(measured, *spec.stack, spec.strategy, result.rules);
  if (spec.strategy.zero_stage >= 3 && spec.stack->default_zero_stage < 3) {
    return Missing(absl::StrCat("ZeRO stage 3 on stack ", spec.stack->name));
  }
  if (spec.model->heads % spec.strategy.tensor != 0)
    return Missing("tensor degree divides no heads");
  ASSIGN_OR_RETURN(result.fleet, FleetOf(measured, catalog, result.rules));
  CompleteRecomputation(measured, result.fleet.accelerator->UsableMemory(), spec, result.rules);
  return result;
}

}  // namespace fleetsim
