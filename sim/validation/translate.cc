#include "sim/validation/translate.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/parallel/dual_pipe.h"
#include "sim/parallel/schedule.h"
#include "sim/training/fit.h"
#include "sim/training/resolve.h"
#include "sim/validation/case_batch.h"
#include "sim/validation/case_fleet.h"
#include "sim/validation/case_model.h"
#include "sim/validation/case_precision.h"
#include "sim/validation/flops_convention.h"
#include "sim/validation/note_facts.h"
#include "sim/validation/tuning.h"

namespace fleetsim {
namespace {

// A run whose simulated memory is above its accelerators' by less may have fitted all the same.
constexpr double kAssumedMemoryModelError = 1.3;
// Forward and backward pass of one token (Kaplan et al. 2020, section 2.1).
constexpr double kFlopsPerParameter = 6.0;

absl::Status Missing(absl::string_view what) { return absl::UnimplementedError(what); }

absl::Status CheckKind(const MeasuredCase& measured) {
  if (NamesShortSamples(measured)) return Missing("length of its samples");
  if (NamesActivationSwap(measured)) return Missing("activations swapped to the host");
  if (NamesTwoDimensionalTensor(measured)) return Missing("two-dimensional tensor parallelism");
  return absl::OkStatus();
}

absl::StatusOr<Recompute> RecomputeOf(const MeasuredCase& measured) {
  const std::string& stated = measured.recompute;
  if (stated == "none") return Recompute::kNone;
  if (stated == "full") return Recompute::kFull;
  if (stated == "selective" || stated == "selective: core_attn") return Recompute::kSelective;
  if (StatedModules(measured).Count() > 0) return Recompute::kSelective;
  if (!stated.empty()) return Missing(absl::StrCat("recomputation of ", stated));
  return Recompute::kNone;  // or what fits, see CompleteRecomputation
}

absl::Status SetDegrees(const MeasuredCase& measured, Strategy& strategy,
                        std::vector<std::string>& rules) {
  if (!measured.accelerators) return Missing("row does not state the number of accelerators");
  strategy.tensor = measured.tensor.value_or(1);
  strategy.pipeline = measured.pipeline.value_or(1);
  strategy.context = measured.context.value_or(1);
  if (NamesUlysses(measured)) strategy.context_method = ContextMethod::kUlysses;
  if (strategy.tensor < 1 || strategy.pipeline < 1 || strategy.context < 1) {
    return Missing("a parallel degree of zero");
  }
  const int model_parallel = strategy.tensor * strategy.pipeline * strategy.context;
  const int left = *measured.accelerators / model_parallel;
  strategy.data = measured.data.value_or(left);
  const int batch = measured.global_batch.value_or(0);
  if (!measured.data && !measured.context && batch > 0 && batch < left && left % batch == 0) {
    // Fewer sequences than ranks: several work on each.
    strategy.data = batch;
    strategy.context = left / batch;
    rules.push_back(absl::StrCat("layout not stated: one sequence a replica of ", strategy.context,
                                 " context ranks"));
    return absl::OkStatus();
  }
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

absl::Status SetBatch(const MeasuredCase& measured, int zero_stage, Strategy& strategy,
                      std::vector<std::string>& rules) {
  strategy.micro_batch = std::max(1, measured.micro_batch.value_or(1));
  const int wave = strategy.micro_batch * strategy.data;
  const GlobalBatch batch = GlobalBatchOf(measured, zero_stage, wave);
  const int global = batch.sequences;
  if (!batch.rule.empty()) rules.push_back(batch.rule);
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

// Places without a layer shorten their chunks.
void RemoveNoOpLayers(const MeasuredCase& measured, Architecture& model, Strategy& strategy,
                      std::vector<std::string>& rules) {
  const int places = model.layers;
  const std::vector<int> chunks = strategy.chunk_layers;
  for (const int place : NoOpLayers(measured)) {
    if (place >= places) continue;
    int chunk = 0;
    for (int end = chunks[0]; end <= place; end += chunks[chunk]) ++chunk;
    --strategy.chunk_layers[chunk];
    --model.layers;
  }
  if (model.layers < places) {
    rules.push_back(absl::StrCat(places - model.layers, " of ", places, " layers are no-ops"));
  }
}

// Utilisation as the source of this row counts it.
UtilisationConvention ConventionOf(const MeasuredCase& measured, const SoftwareStack& stack) {
  UtilisationConvention convention;
  for (const UtilisationCount& count : stack.utilisation_counts) {
    if (count.family != measured.family) continue;
    convention.peak = count.peak;
    if (count.of_nominal_size) {
      convention.flops_per_token = kFlopsPerParameter * NominalParameters(measured);
    }
  }
  return convention;
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
  const int stated_shards = OptimizerShards(measured);
  if (strategy.zero_stage == 0) {
    strategy.optimizer_shards = 1;
  } else if (stated_shards > 0 && replicas % std::min(replicas, stated_shards) == 0) {
    strategy.optimizer_shards = std::min(replicas, stated_shards);
  } else {
    strategy.optimizer_shards = DefaultOptimizerShards(stack, replicas);
  }
}

absl::Status SetExperts(const MeasuredCase& measured, const TrainingSpec& spec, Strategy& strategy,
                        std::vector<std::string>& rules) {
  strategy.expert = measured.expert.value_or(1);
  strategy.expert_load = ExpertCapacity(measured);
  if (!spec.model->experts) {
    return strategy.expert == 1 ? absl::OkStatus() : Missing("shape of the experts");
  }
  if (!measured.expert) rules.push_back("expert degree not stated: 1");
  const int ranks = strategy.tensor * strategy.data * strategy.context;
  const bool cuts =
      spec.stack->expert_tensor_parallel && ranks % (strategy.expert * strategy.tensor) == 0;
  strategy.expert_tensor = ExpertTensor(measured).value_or(cuts ? strategy.tensor : 1);
  const int span = strategy.expert * strategy.expert_tensor;
  if (spec.model->experts->experts % strategy.expert != 0 || ranks % span != 0 ||
      (span % strategy.tensor != 0 && strategy.tensor % span != 0)) {
    return Missing("expert degree does not divide the experts or the ranks of a stage");
  }
  return absl::OkStatus();
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
  const int chunks = static_cast<int>(spec.strategy.chunk_layers.size());
  if (const auto share = RecomputedShare(measured, spec.model->layers, chunks)) {
    spec.recomputed_layers = *share;
    rules.push_back(absl::StrFormat("%.0f %% of the layers recompute, as noted", 100.0 * *share));
  }
  if (!measured.recompute.empty()) return;
  if (spec.stack->recomputes_with_sharded_weights && spec.strategy.zero_stage >= 3) {
    spec.recompute = Recompute::kFull;
    rules.push_back("recomputation not stated: full, as the stack's recipes with sharded weights");
    return;
  }
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
  spec.modules = StatedModules(measured);
  ASSIGN_OR_RETURN(Architecture model, ModelOf(measured, models, result.rules));
  result.model = std::make_unique<Architecture>(std::move(model));
  spec.model = result.model.get();
  ASSIGN_OR_RETURN(spec.stack, StackOf(measured, catalog));
  RETURN_IF_ERROR(SetPrecision(measured, spec, result.rules));
  if (!measured.sequence_length) return Missing("row does not state the sequence length");
  spec.sequence_length = *measured.sequence_length;
  RETURN_IF_ERROR(SetDegrees(measured, spec.strategy, result.rules));
  const int zero_stage = measured.zero_stage.value_or(spec.stack->default_zero_stage);
  RETURN_IF_ERROR(SetBatch(measured, zero_stage, spec.strategy, result.rules));
  RETURN_IF_ERROR(SetChunks(measured, *spec.model, spec.strategy));
  RemoveNoOpLayers(measured, *result.model, spec.strategy, result.rules);
  spec.strategy.activation_offload =
      std::min(1.0, OffloadedLayers(measured) / static_cast<double>(spec.model->layers));
  result.utilisation = ConventionOf(measured, *spec.stack);
  SetSharding(measured, *spec.stack, spec.strategy, result.rules);
  RETURN_IF_ERROR(SetExperts(measured, spec, spec.strategy, result.rules));
  spec.strategy.dual_pipe = spec.stack->dual_pipe && spec.strategy.virtual_stages == 1 &&
                            DualPipeServes(spec.strategy.pipeline, spec.strategy.micro_batches);
  if (spec.strategy.zero_stage >= 3 && spec.stack->default_zero_stage < 3) {
    return Missing(absl::StrCat("ZeRO stage 3 on stack ", spec.stack->name));
  }
  const auto& recurrence = spec.model->recurrence;
  if (spec.model->heads % spec.strategy.tensor != 0 ||
      (recurrence && recurrence->heads % spec.strategy.tensor != 0)) {
    return Missing("tensor degree divides no heads");
  }
  ASSIGN_OR_RETURN(result.fleet, FleetOf(measured, spec.strategy, catalog, result.rules));
  SetTuning(measured, spec, result.rules);
  result.utilisation.model_flops_per_token = ReportedFlopsPerToken(measured, spec);
  const Bytes memory = result.fleet.accelerator->UsableMemory();
  if (NamesAdapters(measured) && measured.recompute.empty()) {
    RecomputeToFit(memory, spec, result.rules);
  } else {
    CompleteRecomputation(measured, memory, spec, result.rules);
  }
  return result;
}

}  // namespace fleetsim
