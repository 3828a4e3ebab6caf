// Which accelerators a job's ranks get, and which workers talk to each other.
#ifndef SIM_PARALLEL_PLACEMENT_H_
#define SIM_PARALLEL_PLACEMENT_H_

#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/fleet.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

// Where the worker of one pipeline stage of one replica sits.
struct WorkerPlace {
  int host = 0;               // index into Fleet::hosts
  int first_accelerator = 0;  // of the host's
  int hosts = 1;              // from `host` on; all of their accelerators where there are several
};

// A job's workers in Megatron's rank order: tensor fastest, then data, then pipeline, so that the
// ranks of one data-parallel group are neighbours. Index: stage x replicas + replica, where a
// replica is one of data x context.
struct Placement {
  int stages = 1, replicas = 1;
  std::vector<WorkerPlace> workers;

  int WorkerOf(int stage, int replica) const { return stage * replicas + replica; }
};

// Accelerators of a host of `room` that a job uses: whole expert groups where they fit into a host,
// else whole tensor groups; all of them where a tensor group takes several hosts.
int UsedOfHost(const Strategy& strategy, int room);

// Accelerators of the fleet's largest host.
int LargestDomain(const Fleet& fleet);

// A tensor-parallel group fits into the largest host, or fills several of that size.
bool TensorFits(int tensor, const Fleet& fleet);

// Workers of `tensor` accelerators that the fleet has room for.
int RoomForWorkers(int tensor, const Fleet& fleet);

// Expert groups that fit into a host are not split over two, unless there are too few hosts for it.
// A tensor group larger than the largest domain gets whole hosts of that size, next to each other
// and alike; smaller hosts then stay idle.
// Fails where the fleet has too few accelerators, where not TensorFits, and where the ranks of an
// expert would lie unevenly on the hosts of a tensor group.
absl::StatusOr<Placement> Place(const Strategy& strategy, const Fleet& fleet);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_PLACEMENT_H_
