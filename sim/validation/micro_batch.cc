#include "sim/validation/micro_batch.h"

#include <string>
#include <vector>

#include "sim/parallel/dual_pipe.h"
#include "sim/parallel/schedule.h"
#include "sim/plan/estimate.h"
#include "sim/training/fit.h"
#include "sim/training/step.h"
#include "sim/validation/case_batch.h"
#include "sim/validation/case_platform.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

constexpr int kLargestMicroBatch = 8;
// A table without virtual stages had some where a pipeline without them would idle for more of the
// time than this.
constexpr double kAssumedMostIdle = 0.3;

// The chunks a rank that Megatron's interleaved schedule admits: whole layers in each, and
// micro-batches in whole groups of the pipeline's length.
bool Interleaves(const TrainingSpec& spec, int virtual_stages) {
  const Strategy& strategy = spec.strategy;
  return spec.model->layers % (strategy.pipeline * virtual_stages) == 0 &&
         (virtual_stages == 1 || strategy.micro_batches % strategy.pipeline == 0);
}

// Share of the step that plain 1F1B leaves a rank idle (Narayanan et al. 2021, section 2.2.1).
double IdleShare(const Strategy& strategy) {
  const double bubble = strategy.pipeline - 1;
  return bubble / (bubble + strategy.micro_batches);
}

// The micro-batch and, with `interleave`, the virtual stages that a run may have had.
std::vector<TrainingSpec> Candidates(const MeasuredCase& measured, const TrainingSpec& spec,
                                     bool interleave) {
  std::vector<TrainingSpec> candidates;
  const int chunks = interleave ? spec.model->layers / spec.strategy.pipeline : 1;
  for (int size = 1; size <= kLargestMicroBatch; size *= 2) {
    if (measured.micro_batch && size != *measured.micro_batch) continue;
    TrainingSpec candidate = spec;
    Strategy& strategy = candidate.strategy;
    const int wave = size * strategy.data;
    const int global = GlobalBatchOf(measured, spec.strategy.zero_stage, wave).sequences;
    if (global % wave != 0) break;
    strategy.micro_batch = size;
    strategy.micro_batches = global / wave;
    if (strategy.dual_pipe && !DualPipeServes(strategy.pipeline, strategy.micro_batches)) continue;
    candidates.push_back(candidate);
    for (int v = 2; v <= chunks; ++v) {
      if (!Interleaves(candidate, v)) continue;
      candidates.push_back(candidate);
      Strategy& interleaved = candidates.back().strategy;
      interleaved.virtual_stages = v;
      interleaved.chunk_layers = EvenChunks(spec.model->layers, strategy.pipeline * v);
    }
  }
  return candidates;
}

}  // namespace

absl::Status ChooseMicroBatch(const MeasuredCase& measured, const Catalog& catalog,
                              Translation& translation) {
  const bool must_interleave = !measured.virtual_stages && translation.spec.strategy.pipeline > 1 &&
                               IdleShare(translation.spec.strategy) > kAssumedMostIdle;
  if (measured.micro_batch && !must_interleave) return absl::OkStatus();
  ASSIGN_OR_RETURN(const CasePlatform platform, CasePlatform::Make(translation.fleet, catalog));
  const Fleet& fleet = platform.fleet();
  TrainingSpec& spec = translation.spec;
  ASSIGN_OR_RETURN(
      const WorkerHardware hardware,
      HardwareOf(fleet.leaves.front(), catalog, spec.LinearFormat(), spec.stack->year));
  const Bytes capacity = hardware.device.accelerator->UsableMemory();
  // Grade A tables are complete otherwise: what they do not list was not used.
  const bool interleave =
      must_interleave || (!spec.strategy.dual_pipe && measured.grade != "A" &&
                          !measured.virtual_stages && spec.strategy.pipeline > 1);
  TrainingSpec best = spec;
  double best_rate = 0.0;
  for (const TrainingSpec& candidate : Candidates(measured, spec, interleave)) {
    if (MemoryOf(candidate).Total() > capacity) continue;
    const double rate = candidate.GlobalBatch() / EstimateStep(candidate, hardware, fleet).value();
    if (rate <= best_rate) continue;
    best = candidate;
    best_rate = rate;
  }
  spec = best;
  std::string rule;
  if (measured.micro_batch) {
    rule = absl::StrCat("virtual stages not stated: ", spec.strategy.virtual_stages);
  } else if (interleave) {
    rule = absl::StrCat("micro-batch and virtual stages not stated: ", spec.strategy.micro_batch,
                        " and ", spec.strategy.virtual_stages);
  } else {
    rule = absl::StrCat("micro-batch not stated: ", spec.strategy.micro_batch);
  }
  if (best_rate > 0.0) absl::StrAppend(&rule, ", the fastest that fits by the closed form");
  translation.rules.push_back(rule);
  return absl::OkStatus();
}

}  // namespace fleetsim
