// One collective on a platform over message sizes, as nccl-tests measures it.
#ifndef SIM_COMMANDS_COLLECTIVE_RUN_H_
#define SIM_COMMANDS_COLLECTIVE_RUN_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/collective/collective.h"
#include "sim/engine/simulation.h"
#include "sim/hardware/fleet.h"

namespace fleetsim {

struct CollectiveOperation {
  const char* name;
  // Empty: every rank sends to the next one.
  std::optional<CollectiveKind> kind;
};
absl::StatusOr<CollectiveOperation> ParseOperation(const std::string& name);
std::string OperationNames();

// Ranks on the platform's hosts in file order. Zero: as many as there are.
struct RankLayout {
  int ranks = 0;  // of one group
  int ranks_per_host = 0;
  int groups =
      1;  // at the same time: side by side on the same hosts while these have accelerators left
  int stride = 1;  // hosts from one of a group to the next; those between are for other groups
};

// Hosts of each group, in ring order; `layout` with its zeros filled in.
struct PlacedRanks {
  RankLayout layout;
  std::vector<std::vector<int>> hosts;
};
absl::StatusOr<PlacedRanks> PlaceRanks(RankLayout layout, const Fleet& fleet);

struct CollectiveTiming {
  Bytes bytes;
  CollectiveChoice choice;
  const Fabric* inside = nullptr;
  Seconds time;                // until the slowest group is through
  double algorithm_bandwidth;  // bytes/s
  double bus_bandwidth;
  std::string limit;
};

// All groups at once on the simulated network.
absl::StatusOr<CollectiveTiming> TimeCollective(const CollectiveOperation& operation, Bytes bytes,
                                                const PlacedRanks& placed, const Fleet& fleet,
                                                Simulation& simulation);

// "ring", "double binary tree", "NVLS", ...
std::string AlgorithmName(const CollectiveTiming& timing, const CollectiveOperation& operation);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_COLLECTIVE_RUN_H_
