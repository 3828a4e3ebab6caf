#include "sim/plan/search.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "sim/parallel/memory.h"
#include "sim/plan/estimate.h"
#include "sim/plan/requests.h"
#include "sim/training/fit.h"
#include "sim/training/resolve.h"
#include "sim/training/step.h"

namespace fleetsim {
namespace {

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

// What a strategy's middle stage holds whatever runs, a lower bound of what it needs. Kept by what
// it depends on.
class LeastMemory {
 public:
  Bytes Of(const TrainingSpec& spec) {
    const Strategy& strategy = spec.strategy;
    const auto [known, is_new] =
        states_.try_emplace({strategy.tensor, strategy.pipeline, strategy.virtual_stages,
                             strategy.expert, strategy.expert_tensor});
    const MemoryQuestion question = QuestionOf(spec);
    if (is_new) known->second = StatesOfStage(question, strategy.pipeline / 2);
    return StateMemory(question, known->second).Total();
  }

 private:
  std::map<std::tuple<int, int, int, int, int>, StageStates> states_;
};

// A fleet's strategies for one job. The job, its stack and the fleet must outlive it.
struct Space {
  const Job& job;
  const Fleet& fleet;
  const Catalog& catalog;
  std::vector<int> zero_stages;
  Bytes capacity;

  // Calls `use` on each that can be and whose model states fit; keeps in `smallest` the others' one
  // with the smallest states.
  template <class Use>
  void ForEach(const SoftwareStack& stack, std::optional<TrainingSpec>& smallest, Use use) const {
    LeastMemory least;
    Bytes smallest_states;
    for (const ParallelismRequest& request :
         StrategyRequests(job.pretrain, stack, fleet, zero_stages)) {
      absl::StatusOr<TrainingSpec> spec = Resolve(job, request, fleet, catalog);
      if (!spec.ok()) continue;
      const Bytes states = least.Of(*spec);
      if (!smallest || states < smallest_states) {
        smallest = *spec;
        smallest_states = states;
      }
      if (states <= capacity) use(request, *spec);
    }
  }
};

// Optimizer states of all accelerators of a host that its memory holds.
bool HostsHold(const TrainingSpec& spec, const Fleet& fleet) {
  const double share = spec.strategy.optimizer_offload;
  if (share <= 0.0) return true;
  MemoryQuestion question = QuestionOf(spec);
  question.strategy.optimizer_offload = 0.0;
  Bytes most;
  for (int stage = 0; stage < spec.strategy.pipeline; ++stage) {
    most = Max(most, StateMemory(question, StatesOfStage(question, stage)).optimizer);
  }
  return std::all_of(fleet.leaves.begin(), fleet.leaves.end(), [&](const Leaf& leaf) {
    return leaf.server != nullptr && most * (share * leaf.accelerators) <= leaf.server->host_memory;
  });
}

bool Fits(const TrainingSpec& spec, const Fleet& fleet, Bytes capacity) {
  if (!HostsHold(spec, fleet)) return false;
  const MemoryQuestion question = QuestionOf(spec);
  // The first stages hold most activations.
  for (int stage = 0; stage < spec.strategy.pipeline; ++stage) {
    if (StageMemory(question, stage).Total() > capacity) return false;
  }
  return true;
}

// The strategy of the space that needs the least memory, among those that fit.
std::optional<TrainingSpec> LeanestFit(const Space& space, const SoftwareStack& stack) {
  std::optional<TrainingSpec> unused, leanest;
  Bytes least;
  space.ForEach(stack, unused, [&](const ParallelismRequest& request, const TrainingSpec& spec) {
    // Larger micro-batches and the other chunk counts need more.
    if (request.micro_batch > 1 || request.virtual_stages > 1 || request.dual_pipe) return;
    const Bytes need = MemoryOf(spec).Total();
    if (need > space.capacity || (leanest && need >= least)) return;
    if (!HostsHold(spec, space.fleet)) return;
    leanest = spec;
    least = need;
  });
  return leanest;
}

std::string Degrees(const Strategy& strategy) {
  std::string text = absl::StrCat("tensor ", strategy.tensor, " pipeline ", strategy.pipeline,
                                  " data ", strategy.data);
  if (strategy.expert > 1) absl::StrAppend(&text, " expert ", strategy.expert);
  if (strategy.optimizer_offload > 0.0) absl::StrAppend(&text, " optimizer_offload_ratio 1");
  return text;
}

// What of the job to change so that some strategy fits, the least painful first.
std::string NearestChange(const Space& space, const SoftwareStack& stack) {
  struct Change {
    std::string name;
    Recompute recompute;
    bool more_sharding;
  };
  std::vector<Change> changes;
  const Recompute now = space.job.pretrain.recompute;
  if (now == Recompute::kNone) {
    changes.push_back({"recompute SELECTIVE", Recompute::kSelective, false});
  }
  if (now != Recompute::kFull) changes.push_back({"recompute FULL", Recompute::kFull, false});
  changes.push_back({"", now, true});
  if (now != Recompute::kFull) changes.push_back({"recompute FULL and ", Recompute::kFull, true});
  for (const Change& change : changes) {
    Job changed = space.job;
    changed.pretrain.recompute = change.recompute;
    Space wider{changed, space.fleet, space.catalog, space.zero_stages, space.capacity};
    if (change.more_sharding) wider.zero_stages = {3};
    const std::optional<TrainingSpec> fit = LeanestFit(wider, stack);
    if (!fit) continue;
    return absl::StrCat("smallest change that fits: ", change.name,
                        change.more_sharding ? "zero_stage 3" : "", ", as with ",
                        Degrees(fit->strategy));
  }
  return "no recomputation, ZeRO stage or offload fits on this fleet";
}

// Infeasible, with the one that needs least.
absl::Status NothingFits(const Space& space, const SoftwareStack& stack,
                         const std::optional<TrainingSpec>& smallest) {
  if (!smallest) return Infeasible("no strategy divides model, batch and fleet");
  return DoesNotFit(MemoryOf(*smallest), space.capacity, NearestChange(space, stack));
}

}  // namespace

absl::StatusOr<std::vector<Candidate>> SearchStrategies(const Job& job, const Fleet& fleet,
                                                        const Catalog& catalog, int limit) {
  ASSIGN_OR_RETURN(const TrainingSpec base, SpecWithoutStrategy(job, catalog));
  ASSIGN_OR_RETURN(const WorkerHardware hardware,
                   HardwareOf(SlowestLeaf(fleet), catalog, base.LinearFormat(), base.stack->year));
  const Space space{job, fleet, catalog, StackZeroStages(*base.stack), SmallestMemory(fleet)};
  StepEstimator estimator(hardware, fleet);
  std::vector<std::pair<Seconds, ParallelismRequest>> ranked;
  std::optional<TrainingSpec> smallest;
  space.ForEach(*base.stack, smallest,
                [&](const ParallelismRequest& request, const TrainingSpec& spec) {
                  ranked.emplace_back(estimator.Step(spec), request);
                });
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  // Memory takes longer to work out than time: from the fastest down, until enough fit.
  std::vector<Candidate> candidates;
  for (const auto& [estimate, request] : ranked) {
    if (static_cast<int>(candidates.size()) == limit) break;
    ASSIGN_OR_RETURN(TrainingSpec spec, Resolve(job, request, fleet, catalog));
    if (Fits(spec, fleet, space.capacity)) candidates.push_back({std::move(spec), estimate});
  }
  if (candidates.empty()) return NothingFits(space, *base.stack, smallest);
  return candidates;
}

}  // namespace fleetsim
