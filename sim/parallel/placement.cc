#include "sim/parallel/placement.h"

#include <algorithm>

namespace fleetsim {

namespace {

// As many workers as are wanted, or as there is room for; what is left over on a host stays idle.
std::vector<WorkerPlace> Fill(const Strategy& strategy, const Fleet& fleet, int wanted,
                              bool whole_groups) {
  std::vector<WorkerPlace> workers;
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

// `hosts` from `first` on have the same accelerators, `room` each, equally fast.
bool AreAlike(const Fleet& fleet, int first, int hosts, int room) {
  const Leaf& leaf = fleet.LeafOf(first);
  for (int host = first; host < first + hosts; ++host) {
    const Leaf& other = fleet.LeafOf(host);
    if (other.accelerators != room || other.accelerator != leaf.accelerator ||
        other.speed != leaf.speed) {
      return false;
    }
  }
  return true;
}

// Workers that take several whole hosts each.
std::vector<WorkerPlace> FillSpans(int tensor, const Fleet& fleet, int wanted) {
  std::vector<WorkerPlace> workers;
  const int room = LargestDomain(fleet);
  const int span = tensor / room;
  for (int host = 0; host + span <= static_cast<int>(fleet.hosts.size());) {
    if (static_cast<int>(workers.size()) == wanted) break;
    if (!AreAlike(fleet, host, span, room)) {
      ++host;
      continue;
    }
    workers.push_back({host, 0, span});
    host += span;
  }
  return workers;
}

std::vector<WorkerPlace> PlaceWorkers(const Strategy& strategy, const Fleet& fleet, int wanted) {
  if (strategy.tensor > LargestDomain(fleet)) return FillSpans(strategy.tensor, fleet, wanted);
  std::vector<WorkerPlace> workers = Fill(strategy, fleet, wanted, true);
  if (static_cast<int>(workers.size()) == wanted) return workers;
  return Fill(strategy, fleet, wanted, false);
}

// Expert ranks on a tensor group of several hosts: an expert is cut over ranks of one host or of
// whole hosts, and so are the ranks that share out all experts.
absl::Status CheckExperts(const Strategy& strategy, int room) {
  if (strategy.tensor <= room) return absl::OkStatus();
  const int span = std::min(strategy.tensor, strategy.expert * strategy.expert_tensor);
  for (const int ranks : {strategy.expert_tensor, span}) {
    if (room % ranks == 0 || ranks % room == 0) continue;
    return Infeasible(absl::StrCat("parallelism.expert: ", strategy.expert, " x expert_tensor ",
                                   strategy.expert_tensor, " on tensor groups of ", strategy.tensor,
                                   " over hosts of ", room, ": groups of ", ranks,
                                   " ranks would lie unevenly on the hosts; divisors or multiples "
                                   "of ",
                                   room, " do not"));
  }
  if (strategy.expert_tensor <= room || strategy.expert_tensor == strategy.tensor) {
    return absl::OkStatus();
  }
  return Infeasible(absl::StrCat("parallelism.expert_tensor: ", strategy.expert_tensor,
                                 " ranks over hosts of ", room, "; at most ", room,
                                 " or all of the tensor ranks, ", strategy.tensor));
}

}  // namespace

int UsedOfHost(const Strategy& strategy, int room) {
  if (strategy.tensor > room) return room;
  const int group = strategy.CloseAccelerators();
  return group <= room ? room / group * group : room / strategy.tensor * strategy.tensor;
}

int LargestDomain(const Fleet& fleet) {
  int largest = 0;
  for (const Leaf& leaf : fleet.leaves) largest = std::max(largest, leaf.accelerators);
  return largest;
}

bool TensorFits(int tensor, const Fleet& fleet) {
  const int room = LargestDomain(fleet);
  return tensor <= room || tensor % room == 0;
}

int RoomForWorkers(int tensor, const Fleet& fleet) {
  if (tensor > LargestDomain(fleet)) {
    const int all = static_cast<int>(fleet.hosts.size());
    return static_cast<int>(FillSpans(tensor, fleet, all).size());
  }
  int workers = 0;
  for (const Host& host : fleet.hosts) workers += fleet.leaves[host.leaf].accelerators / tensor;
  return workers;
}

absl::StatusOr<Placement> Place(const Strategy& strategy, const Fleet& fleet) {
  const int room = LargestDomain(fleet);
  if (!TensorFits(strategy.tensor, fleet)) {
    return Infeasible(absl::StrCat("parallelism.tensor: ", strategy.tensor,
                                   " accelerators do not divide over hosts of ", room, "; at most ",
                                   room, ", or a multiple of it"));
  }
  RETURN_IF_ERROR(CheckExperts(strategy, room));
  Placement placement{
      .stages = strategy.pipeline, .replicas = strategy.data * strategy.context, .workers = {}};
  const int wanted = placement.stages * placement.replicas;
  placement.workers = PlaceWorkers(strategy, fleet, wanted);
  if (static_cast<int>(placement.workers.size()) == wanted) return placement;
  return Infeasible(absl::StrCat("the strategy needs ", strategy.Accelerators(),
                                 " accelerators (tensor ", strategy.tensor, " x pipeline ",
                                 strategy.pipeline, " x data ", strategy.data, " x context ",
                                 strategy.context, "); ", fleet.file, " has room for ",
                                 static_cast<int>(placement.workers.size()) * strategy.tensor));
}

}  // namespace fleetsim
