#include "sim/engine/group_placement.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "sim/base/check.h"

namespace fleetsim {

DomainLinks LinksOf(const Leaf& leaf) {
  BytesPerSecond pairwise = leaf.scale_up_bandwidth;
  if (leaf.server != nullptr && leaf.server->pairwise_bandwidth.value() > 0.0) {
    pairwise = leaf.server->pairwise_bandwidth;
  }
  return {leaf.scale_up, leaf.scale_up_bandwidth, pairwise, leaf.accelerators};
}

BytesPerSecond NicShare(const Fleet& fleet, const Worker& worker) {
  const Leaf& leaf = fleet.LeafOf(worker.host);
  return leaf.nic_bandwidth * (static_cast<double>(worker.accelerators) / leaf.accelerators);
}

BytesPerSecond PointToPointRate(const Fleet& fleet, const Worker& source,
                                const Worker& destination) {
  const auto reachable = [&fleet](const Worker& worker) {
    const Fabric* fabric = fleet.LeafOf(worker.host).scale_out;
    return NicShare(fleet, worker) * (fabric == nullptr ? 1.0 : fabric->point_to_point_efficiency);
  };
  return Min(reachable(source), reachable(destination));
}

Seconds SameHostTransferTime(const Fleet& fleet, const Worker& source, const Worker& destination,
                             Bytes bytes) {
  const int pairs = std::min(source.accelerators, destination.accelerators);
  return LocalTransferTime(bytes / pairs, LinksOf(fleet.LeafOf(source.host)));
}

GroupPlacement PlaceGroup(const Program& program, const Fleet& fleet, const Group& group) {
  FLEETSIM_CHECK(!group.workers.empty());
  GroupPlacement placement;
  absl::flat_hash_map<int, BytesPerSecond> share;  // of each host's NICs
  for (const int index : group.workers) {
    const Worker& worker = program.workers[index];
    const auto [it, is_new] = share.try_emplace(worker.host);
    it->second += NicShare(fleet, worker);
    if (is_new) placement.hosts.push_back(worker.host);
  }
  const int ranks = static_cast<int>(group.workers.size()) * group.ranks_per_worker;
  const int hosts = static_cast<int>(placement.hosts.size());
  placement.ranks_per_host = (ranks + hosts - 1) / hosts;
  placement.lanes = group.lanes;
  // In a mixed group the weakest host sets the pace.
  placement.nic_share = share[placement.hosts.front()];
  const Leaf* slowest = &fleet.LeafOf(placement.hosts.front());
  for (const int host : placement.hosts) {
    placement.nic_share = Min(placement.nic_share, share[host]);
    const Leaf& leaf = fleet.LeafOf(host);
    if (leaf.scale_up_bandwidth < slowest->scale_up_bandwidth) slowest = &leaf;
  }
  placement.local = LinksOf(*slowest);
  placement.one_leaf = std::all_of(placement.hosts.begin(), placement.hosts.end(), [&](int host) {
    return fleet.hosts[host].leaf == fleet.hosts[placement.hosts.front()].leaf;
  });
  placement.scale_out = slowest->scale_out;
  return placement;
}

}  // namespace fleetsim
