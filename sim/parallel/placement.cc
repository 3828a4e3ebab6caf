#include "sim/parallel/placement.h"

#include <algorithm>

namespace fleetsim {

namespace {

// As many workers as are wanted, or as there is room for. A worker never spans hosts; what is left
// over on a host stays idle.
std::vector<WorkerPlace> Fill(const Strategy& strategy, const Fleet& fleet, int wanted,
                              bool whole_groups) {
  std::vector<WorkerPlace> workers;
  workers.reserve(wanted);
  for (int host = 0; host < static_cast<int>(fleet.hosts.size()); ++host) {
    const int room = fleet.LeafOf(host).accelerators;
    const int used = whole_groups ? UsedOfHost(strategy, room) : room;
    for (int first = 0; first + strategy.tensor <= used; first += strategy.tensor) {
      if (static_cast<int>(workers.size()) == wanted) return workers;
      workers.push_back({host, first});
    }
  }
  return workers;
}

}  // namespace

int UsedOfHost(const Strategy& strategy, int room) {
  const int group = strategy.CloseAccelerators();
  return group <= room ? room / group * group : room / strategy.tensor * strategy.tensor;
}

absl::StatusOr<Placement> Place(const Strategy& strategy, const Fleet& fleet) {
  Placement placement{
      .stages = strategy.pipeline, .replicas = strategy.data * strategy.context, .workers = {}};
  const int wanted = placement.stages * placement.replicas;
  placement.workers = Fill(strategy, fleet, wanted, true);
  if (static_cast<int>(placement.workers.size()) == wanted) return placement;
  placement.workers = Fill(strategy, fleet, wanted, false);
  if (static_cast<int>(placement.workers.size()) == wanted) return placement;
  int largest = 0;
  for (const Leaf& leaf : fleet.leaves) largest = std::max(largest, leaf.accelerators);
  if (strategy.tensor > largest) {
    return Infeasible(absl::StrCat("parallelism.tensor: ", strategy.tensor,
                                   " accelerators do not fit in a scale-up domain of ", largest,
                                   "; at most ", largest,
                                   " (tensor parallelism across domains is not modelled)"));
  }
  return Infeasible(absl::StrCat("the strategy needs ", strategy.Accelerators(),
                                 " accelerators (tensor ", strategy.tensor, " x pipeline ",
                                 strategy.pipeline, " x data ", strategy.data, " x context ",
                                 strategy.context, "); ", fleet.file, " has room for ",
                                 static_cast<int>(placement.workers.size()) * strategy.tensor));
}

}  // namespace fleetsim
