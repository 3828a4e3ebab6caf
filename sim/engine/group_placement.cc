#include "sim/engine/group_placement.h"

#include <algorithm>
#include <vector>

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

namespace {

// Hosts of a worker that a part of the group uses, in rank order. A group's accelerators of one
// worker are its first ones: all lanes of its first rank, then of the second, and so on.
std::vector<int> HostsOf(const Worker& worker, const Group& group, int part) {
  if (worker.hosts == 1) return {worker.host};
  const int room = worker.AcceleratorsOnHost();
  std::vector<int> hosts;
  if (group.lanes >= room) {
    const int parts = group.lanes / room;
    for (int i = 0; i < group.ranks_per_worker; ++i)
      hosts.push_back(worker.host + i * parts + part);
    return hosts;
  }
  const int used = (group.ranks_per_worker * group.lanes + room - 1) / room;
  for (int i = 0; i < used; ++i) hosts.push_back(worker.host + i);
  return hosts;
}

}  // namespace

BytesPerSecond NicShare(const Fleet& fleet, const Worker& worker, int host) {
  const Leaf& leaf = fleet.LeafOf(host);
  return leaf.nic_bandwidth *
         (static_cast<double>(worker.AcceleratorsOnHost()) / leaf.accelerators);
}

std::vector<HostFlow> TransferFlows(const Fleet& fleet, const Worker& source,
                                    const Worker& destination, Bytes bytes) {
  FLEETSIM_CHECK(source.hosts == destination.hosts);
  const auto reachable = [&fleet](const Worker& worker, int host) {
    const Fabric* fabric = fleet.LeafOf(host).scale_out;
    return NicShare(fleet, worker, host) *
           (fabric == nullptr ? 1.0 : fabric->point_to_point_efficiency);
  };
  std::vector<HostFlow> flows;
  for (int i = 0; i < source.hosts; ++i) {
    const int from = source.host + i, to = destination.host + i;
    flows.push_back(
        {from, to, bytes / source.hosts, Min(reachable(source, from), reachable(destination, to))});
  }
  return flows;
}

Seconds SameHostTransferTime(const Fleet& fleet, const Worker& source, const Worker& destination,
                             Bytes bytes) {
  const int pairs = std::min(source.accelerators, destination.accelerators);
  return LocalTransferTime(bytes / pairs, LinksOf(fleet.LeafOf(source.host)));
}

int PartsOf(const Program& program, const Group& group) {
  const Worker& worker = program.workers[group.workers.front()];
  return worker.hosts == 1 ? 1 : std::max(1, group.lanes / worker.AcceleratorsOnHost());
}

GroupPlacement PlaceGroup(const Program& program, const Fleet& fleet, const Group& group,
                          int part) {
  FLEETSIM_CHECK(!group.workers.empty());
  GroupPlacement placement;
  absl::flat_hash_map<int, BytesPerSecond> share;  // of each host's NICs
  for (const int index : group.workers) {
    const Worker& worker = program.workers[index];
    for (const int host : HostsOf(worker, group, part)) {
      const auto [it, is_new] = share.try_emplace(host);
      it->second += NicShare(fleet, worker, host);
      if (is_new) placement.hosts.push_back(host);
    }
  }
  const int ranks = static_cast<int>(group.workers.size()) * group.ranks_per_worker;
  const int hosts = static_cast<int>(placement.hosts.size());
  placement.ranks_per_host = (ranks + hosts - 1) / hosts;
  placement.lanes = group.lanes / PartsOf(program, group);
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
