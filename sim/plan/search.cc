#include "sim/plan/search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/plan/estimate.h"
#include "sim/training/fit.h"
#include "sim/training/resolve.h"
#include "sim/training/step.h"

namespace fleetsim {
namespace {

// Strategies that divide model, fleet and batch; the rest of the fleet stays idle.
std::vector<ParallelismRequest> Requests(const Job& job, const Fleet& fleet) {
  const Architecture& model = job.pretrain.model;
  std::vector<ParallelismRequest> requests;
  const int domain = fleet.leaves.front().accelerators;
  for (int tensor = 1; tensor <= std::min(domain, model.heads); tensor *= 2) {
    if (model.heads % tensor != 0) continue;
    const int workers = UsableAccelerators(fleet, tensor) / tensor;
    for (int pipeline = 1; pipeline <= std::min(workers, model.layers); ++pipeline) {
      for (int micro_batch = 1; micro_batch <= 8; micro_batch *= 2) {
        // The largest data degree that shares out the batch.
        int data = workers / pipeline;
        while (data > 1 && job.pretrain.global_batch % (micro_batch * data) != 0) --data;
        // Leaving more than a tenth of the fleet idle is never the fastest.
        if (data * pipeline * 10 < workers * 9) continue;
        for (int chunks = 1; chunks * pipeline <= model.layers; ++chunks) {
          const bool interleaves = pipeline > 1;
          if (chunks > 1 && (!interleaves || model.layers % chunks != 0)) continue;
          requests.push_back({.tensor = tensor,
                              .pipeline = pipeline,
                              .virtual_stages = chunks,
                              .micro_batch = micro_batch,
                              .data = data});
        }
      }
    }
  }
  return requests;
}

// In a fleet of several kinds the slowest sets the pace and the smallest the limit.
const Leaf& SlowestLeaf(const Fleet& fleet) {
  return *std::min_element(fleet.leaves.begin(), fleet.leaves.end(),
                           [](const Leaf& a, const Leaf& b) { return a.speed < b.speed; });
}

Bytes SmallestMemory(const Fleet& fleet) {
  Bytes smallest = fleet.leaves.front().accelerator->UsableMemory();
  for (const Leaf& leaf : fleet.leaves) smallest = Min(smallest, leaf.accelerator->UsableMemory());
  return smallest;
}

}  // namespace

absl::StatusOr<std::vector<Candidate>> SearchStrategies(const Job& job, const Fleet& fleet,
                                                        const Catalog& catalog, int limit) {
  ASSIGN_OR_RETURN(const TrainingSpec base, SpecWithoutStrategy(job, catalog));
  ASSIGN_OR_RETURN(const WorkerHardware hardware,
                   HardwareOf(SlowestLeaf(fleet), catalog, base.LinearFormat(), base.stack->year));
  const Bytes capacity = SmallestMemory(fleet);
  std::vector<Candidate> candidates;
  std::optional<TrainingSpec> smallest;
  for (const ParallelismRequest& request : Requests(job, fleet)) {
    absl::StatusOr<TrainingSpec> spec = Resolve(job, request, fleet, catalog);
    if (!spec.ok()) continue;
    const Bytes need = MemoryOf(*spec).Total();
    if (!smallest || need < MemoryOf(*smallest).Total()) smallest = *spec;
    if (need > capacity) continue;
    const Seconds estimate = EstimateStep(*spec, hardware, fleet);
    candidates.push_back({*std::move(spec), estimate});
  }
  if (candidates.empty()) {
    if (!smallest) return Infeasible("no strategy divides model, batch and fleet");
    return CheckFits(*smallest, capacity).status();
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.estimate < b.estimate; });
  if (static_cast<int>(candidates.size()) > limit) candidates.resize(limit);
  return candidates;
}

}  // namespace fleetsim
