#include "sim/commands/collective_run.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "sim/base/nearest.h"

namespace fleetsim {
namespace {

using K = CollectiveKind;

constexpr std::array<CollectiveOperation, 6> kOperations = {{
    {"all-reduce", K::kAllReduce},
    {"reduce-scatter", K::kReduceScatter},
    {"all-gather", K::kAllGather},
    {"broadcast", K::kBroadcast},
    {"all-to-all", K::kAllToAll},
    {"send-recv", std::nullopt},
}};

// Time on a shared network beyond which it is not the host's own NICs that decide.
constexpr double kCrowded = 1.02;

// nccl-tests, doc/PERFORMANCE.md: bus bandwidth over algorithm bandwidth.
double BusRatio(const CollectiveOperation& operation, int ranks) {
  if (!operation.kind) return 1.0;
  switch (*operation.kind) {
    case K::kAllReduce:
      return 2.0 * (ranks - 1) / ranks;
    case K::kBroadcast:
      return 1.0;
    default:
      return (ranks - 1.0) / ranks;
  }
}

// The group as a program of one worker a rank would be placed.
GroupPlacement PlacementOf(const std::vector<int>& hosts, int ranks_per_host,
                           const Simulation& simulation) {
  Program program;
  Group group;
  for (const int host : hosts) {
    for (int rank = 0; rank < ranks_per_host; ++rank) {
      group.workers.push_back(static_cast<int>(program.workers.size()));
      program.workers.push_back({.host = host, .accelerators = 1});
    }
  }
  return simulation.Place(program, group);
}

CollectivePlan PlanOf(const CollectiveOperation& operation, Bytes bytes,
                      const GroupPlacement& group) {
  return operation.kind ? PlanCollective(*operation.kind, bytes, group)
                        : PlanTransfers(bytes, group);
}

std::string LocalLimit(const LocalCollective& local) {
  return local.latency > local.transfer ? "latency" : "scale-up links";
}

// What most of the time of the slowest group went to.
std::string LimitOf(const CollectiveOperation& operation, const CollectivePlan& plan, Bytes bytes,
                    Seconds time, const GroupPlacement& group) {
  if (plan.flows.empty()) {
    return LocalLimit(operation.kind ? ChooseLocalCollective(*operation.kind, group.ranks_per_host,
                                                             bytes, group.local)
                                     : ChooseLocalTransfer(bytes, group.local));
  }
  const Seconds moving = time - plan.latency;
  if (plan.latency > moving) return "latency";
  Seconds at_rate_limit;
  for (const HostFlow& flow : plan.flows) {
    at_rate_limit = Max(at_rate_limit, flow.bytes / flow.rate_limit);
  }
  if (plan.local_floor >= at_rate_limit && moving <= plan.local_floor * kCrowded) {
    return "scale-up links";
  }
  // A flow's way to the other host is no transfer.
  const Seconds sending = moving - group.hop_latency;
  return sending > at_rate_limit * kCrowded ? "uplink" : "NIC";
}

}  // namespace

std::string OperationNames() {
  std::string names;
  for (const CollectiveOperation& operation : kOperations) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", operation.name);
  }
  return names;
}

absl::StatusOr<CollectiveOperation> ParseOperation(const std::string& name) {
  std::vector<std::string> known;
  for (const CollectiveOperation& operation : kOperations) {
    if (name == operation.name) return operation;
    known.push_back(operation.name);
  }
  const std::vector<std::string> near = NearestNames(name, known, 1);
  return InputError({.file = "OP"}, absl::StrCat("is \"", name, "\""),
                    absl::StrCat("one of ", OperationNames(),
                                 near.empty() ? "" : absl::StrCat("; nearest: ", near.front())));
}

absl::StatusOr<PlacedRanks> PlaceRanks(RankLayout layout, const Fleet& fleet) {
  int fewest = fleet.LeafOf(0).accelerators;
  for (const Leaf& leaf : fleet.leaves) fewest = std::min(fewest, leaf.accelerators);
  if (layout.ranks_per_host == 0) {
    layout.ranks_per_host = layout.ranks > 0 ? std::min(layout.ranks, fewest) : fewest;
  }
  if (layout.ranks_per_host > fewest) {
    return InputError({.file = "--ranks-per-host"}, absl::StrCat("is ", layout.ranks_per_host),
                      absl::StrCat("at most ", fewest, ", what every host has"));
  }
  const int hosts = static_cast<int>(fleet.hosts.size());
  const int side_by_side = fewest / layout.ranks_per_host;
  const int rows = (layout.groups + side_by_side - 1) / side_by_side;
  if (layout.ranks == 0) layout.ranks = std::max(1, hosts / rows) * layout.ranks_per_host;
  if (layout.ranks % layout.ranks_per_host != 0) {
    return InputError(
        {.file = "--ranks"}, absl::StrCat("is ", layout.ranks),
        absl::StrCat("a multiple of ", layout.ranks_per_host, ", the ranks on each host"));
  }
  const int length = layout.ranks / layout.ranks_per_host;
  PlacedRanks placed{layout, {}};
  for (int group = 0; group < layout.groups; ++group) {
    const int row = group / side_by_side;
    // Rows fill the gaps of a stride before they go on behind it.
    const int first = row / layout.stride * layout.stride * length + row % layout.stride;
    placed.hosts.emplace_back();
    for (int i = 0; i < length; ++i) placed.hosts.back().push_back(first + i * layout.stride);
    if (placed.hosts.back().back() >= hosts) {
      return InputError(
          {.file = "--ranks"},
          absl::StrCat("needs host ", placed.hosts.back().back() + 1, " of ", hosts),
          absl::StrCat("at most ", fleet.Accelerators(), " ranks in all groups together, ",
                       layout.ranks_per_host, " on a host"));
    }
  }
  return placed;
}

absl::StatusOr<CollectiveTiming> TimeCollective(const CollectiveOperation& operation, Bytes bytes,
                                                const PlacedRanks& placed, const Fleet& fleet,
                                                Simulation& simulation) {
  std::vector<CollectivePlan> plans;
  std::vector<GroupPlacement> groups;
  for (const std::vector<int>& hosts : placed.hosts) {
    groups.push_back(PlacementOf(hosts, placed.layout.ranks_per_host, simulation));
    plans.push_back(PlanOf(operation, bytes, groups.back()));
  }
  CollectiveTiming timing;
  timing.bytes = bytes;
  timing.choice = plans.front().choice;
  // With one rank a host nothing runs inside.
  if (groups.front().ranks_per_host == 1) timing.choice.protocol = nullptr;
  timing.inside = fleet.LeafOf(placed.hosts.front().front()).scale_up;
  ASSIGN_OR_RETURN(timing.time, simulation.RunPattern(plans));
  timing.algorithm_bandwidth = bytes.value() / timing.time.value();
  timing.bus_bandwidth = timing.algorithm_bandwidth * BusRatio(operation, placed.layout.ranks);
  timing.limit = LimitOf(operation, plans.front(), bytes, timing.time, groups.front());
  return timing;
}

std::string AlgorithmName(const CollectiveTiming& timing, const CollectiveOperation& operation) {
  const CollectiveProtocol* protocol = timing.choice.protocol;
  const bool switched_inside =
      protocol != nullptr && protocol->algorithm == CollectiveAlgorithm::kInSwitch;
  const bool nccl = timing.inside != nullptr && timing.inside->collective_library == "NCCL";
  const std::string in_switch = nccl ? "NVLS" : "in-switch";
  switch (timing.choice.algorithm) {
    case CollectiveAlgorithm::kRing:
      return operation.kind == K::kBroadcast ? "chain" : "ring";
    case CollectiveAlgorithm::kTree:
      return switched_inside ? in_switch + " tree" : "double binary tree";
    case CollectiveAlgorithm::kInSwitch:
      return in_switch;
    case CollectiveAlgorithm::kDirect:
      return operation.kind == K::kAllToAll ? "direct" : "full mesh";
    case CollectiveAlgorithm::kOneShot:
      return "one-shot";
    case CollectiveAlgorithm::kTwoShot:
      return "two-shot";
    case CollectiveAlgorithm::kHierarchical:
      return "hierarchical";
    case CollectiveAlgorithm::kPairwise:
      return "pairwise";
    case CollectiveAlgorithm::kSendReceive:
      return "send-recv";
    case CollectiveAlgorithm::kInNetwork:
      return switched_inside ? in_switch + " + SHARP" : "SHARP";
  }
  return "";
}

}  // namespace fleetsim
