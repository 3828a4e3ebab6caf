#include "sim/validation/micro_batch.h"

#include <string>
#include <vector>

#include "sim/parallel/schedule.h"
#include "sim/plan/estimate.h"
#include "sim/training/fit.h"
#include "sim/training/step.h"
#include "sim/validation/case_batch.h"
#include "sim/validation/case_platform.h"

namespace fleetsim {
namespace {

constexpr int kLargestMicroBatch = 8;

// The chunks a rank that Megatron's interleaved schedule admits: whole layers in each, and
// micro-batches in whole groups of the pipeline's length.
bool Interleaves(const TrainingSpec& spec, int virtual_stages) {
  const Strategy& strategy = spec.strategy;
  return spec.model->layers % (strategy.pipeline * virtual_stages) == 0 &&
         (virtual_stages == 1 || strategy.micro_batches % strategy.pipeline == 0);
}

// The micro-batch and, with `interleave`, the virtual stages that a run may have had.
std::vector<TrainingSpec> Candidates(const MeasuredCase& measured, const TrainingSpec& spec,
                                     bool interleave) {
  std::vector<TrainingSpec> candidates;
  const int chunks = interleave ? spec.model->layers / spec.strategy.pipeline : 1;
  for (int size = 1; size <= kLargestMicroBatch; size *= 2) {
    TrainingSpec candidate = spec;
    Strategy& strategy = candidate.strategy;
    const int wave = size * strategy.data;
    const int global = GlobalBatchOf(measured, spec.strategy.zero_stage, wave).sequences;
    if (global % wave != 0) break;
    strategy.micro_batch = size;
    strategy.micro_batches = global / wave;
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
  if (measured.micro_batch) return absl::OkStatus();
  ASSIGN_OR_RETURN(const CasePlatform platform, CasePlatform::Make(translation.fleet, catalog));
  const Fleet& fleet = platform.fleet();
  TrainingSpec& spec = translation.spec;
  ASSIGN_OR_RETURN(
      const WorkerHardware hardware,
      HardwareOf(fleet.leaves.front(), catalog, spec.LinearFormat(), spec.stack->year));
  const Bytes capacity = hardware.device.accelerator->UsableMemory();
  // Grade A tables are complete: what they do not list was not used.
  const bool interleave =
      measured.grade != "A" && !measured.virtual_stages && spec.strategy.pipeline > 1;
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
  std::string rule = absl::StrCat(interleave ? "micro-batch and virtual stages" : "micro-batch",
                                  " not stated: ", spec.strategy.micro_batch);
  if (interleave) absl::StrAppend(&rule, " and ", spec.strategy.virtual_stages);
  if (best_rate > 0.0) absl::StrAppend(&rule, ", the fastest that fits by the closed form");
  translation.rules.push_back(rule);
  return absl::OkStatus();
}

}  // namespace fleetsim
