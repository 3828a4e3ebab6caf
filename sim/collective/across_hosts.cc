#include "sim/collective/across_hosts.h"

#include <algorithm>

#include "sim/collective/bandwidth.h"
#include "sim/collective/ring.h"
#include "sim/collective/tree.h"

namespace fleetsim {
namespace {

// Time of the network part alone, the host sending `bytes`, and what its pipeline costs beside it.
// A chunk costs one message's latency.
Seconds NetworkFill(Bytes sent_by_host, const GroupPlacement& group) {
  return PipelineFill(group.scale_out->base_latency, sent_by_host / HostRate(group));
}

// The plan of a ring or tree whose ranks also pass the domain's links with `protocol`.
// `local`: steps and wire inside the domain; `host_steps`: dependent steps between hosts.
HostPlan Through(CollectiveAlgorithm algorithm, const CollectiveProtocol& protocol,
                 const WireDemand& local, double host_steps, Bytes sent_by_host,
                 const GroupPlacement& group) {
  HostPlan plan;
  plan.choice = {algorithm, &protocol};
  plan.sent_by_host = sent_by_host;
  plan.latency = protocol.latency + HostStep(group) * host_steps;
  Seconds fill = NetworkFill(sent_by_host, group);
  if (group.ranks_per_host > 1) {
    const BytesPerSecond bandwidth = GroupBandwidth(group.ranks_per_host, group.local);
    plan.local_floor = CostOf(protocol, local, bandwidth).transfer;
    plan.latency += protocol.step_latency * local.steps;
    // One pipeline through both: the slower part's fill is what shows.
    fill = Max(fill, PipelineFill(protocol.fill, plan.local_floor));
  }
  plan.latency += fill;
  return plan;
}

}  // namespace

BytesPerSecond HostRate(const GroupPlacement& group) {
  const Fabric& fabric = *group.scale_out;
  return group.nic_share *
         (group.one_leaf ? fabric.point_to_point_efficiency : fabric.collective_efficiency);
}

Seconds HostStep(const GroupPlacement& group) {
  return group.scale_out->collective_step_latency + group.hop_latency;
}

// A broadcast's ring is a chain of buffers of fixed size, one in each channel: the first part
// reaches the last rank after it has filled all of them. NCCL has buffers of 4 MiB in 8 steps
// (NCCL_BUFFSIZE, NCCL_STEPS) and at least one channel a port.
Seconds ChainFill(const CollectiveProtocol& protocol, Bytes bytes, const GroupPlacement& group) {
  constexpr Bytes kStep(4.0 * 1024 * 1024 / 8);
  const BytesPerSecond port = group.scale_out->port_bandwidth;
  const double channels = port.value() > 0.0 ? std::max(1.0, group.nic_share / port) : 1.0;
  const Bytes part = Min(bytes * group.lanes, kStep * channels);
  Seconds hops = part / HostRate(group);
  if (group.ranks_per_host > 1) {
    const BytesPerSecond inside =
        GroupBandwidth(group.ranks_per_host, group.local) * protocol.efficiency;
    hops += part / group.lanes / inside * (group.ranks_per_host - 1);
  }
  return hops * static_cast<double>(group.hosts.size() - 1);
}

// One ring through all ranks, neighbours on a host next to each other: each host boundary carries
// what each rank sends. Of a chunk's steps one a host leads to another host.
std::vector<HostPlan> RingAcrossHosts(CollectiveKind kind, Bytes bytes,
                                      const GroupPlacement& group) {
  std::vector<HostPlan> plans;
  if (!RingServes(kind, group.local)) return plans;
  const int hosts = static_cast<int>(group.hosts.size());
  const int ranks = hosts * group.ranks_per_host;
  const WireDemand demand = RingDemand(kind, ranks, bytes);
  const double host_steps = demand.steps / (ranks - 1) * (hosts - 1);
  for (const CollectiveProtocol& protocol : group.local.fabric->protocols) {
    if (protocol.algorithm != CollectiveAlgorithm::kRing) continue;
    const WireDemand local{demand.steps - host_steps, demand.wire};
    plans.push_back(Through(CollectiveAlgorithm::kRing, protocol, local, host_steps,
                            demand.wire * group.lanes, group));
    if (kind != CollectiveKind::kBroadcast) continue;
    plans.back().pattern = FlowPattern::kChain;
    plans.back().latency += ChainFill(protocol, bytes, group);
  }
  return plans;
}

// NCCL's tree: a double binary tree of hosts, and inside each host a chain of ranks or, where the
// switch can reduce, the switch (NVLSTree).
std::vector<HostPlan> TreeAcrossHosts(CollectiveKind kind, Bytes bytes,
                                      const GroupPlacement& group) {
  std::vector<HostPlan> plans;
  if (!TreeServes(kind, group.local)) return plans;
  const int hosts = static_cast<int>(group.hosts.size());
  const WireDemand between = TreeDemand(kind, hosts, bytes);
  for (const CollectiveProtocol& protocol : group.local.fabric->protocols) {
    WireDemand local;
    if (protocol.algorithm == CollectiveAlgorithm::kRing) {
      local = {2.0 * (group.ranks_per_host - 1), bytes * 2};  // up and down
    } else if (protocol.algorithm == CollectiveAlgorithm::kInSwitch) {
      local = FindAlgorithm(protocol.algorithm)->demand(kind, group.ranks_per_host, bytes);
    } else {
      continue;
    }
    plans.push_back(Through(CollectiveAlgorithm::kTree, protocol, local, between.steps,
                            between.wire * group.lanes, group));
  }
  return plans;
}

// The switches between hosts add up what every host sends and send the sum back: each host sends
// and receives the buffer once (Graham et al. 2016, SHARP), up the tree of switches and down again.
// Inside a host ranks reduce and gather over a ring, or the domain's switch does. The flows to the
// next host load every link as the tree of switches does: each leaf passes the buffer once.
std::vector<HostPlan> InNetworkAcrossHosts(CollectiveKind kind, Bytes bytes,
                                           const GroupPlacement& group) {
  std::vector<HostPlan> plans;
  if (kind != CollectiveKind::kAllReduce || !group.scale_out->in_network_reduction) return plans;
  for (const CollectiveProtocol& protocol : group.local.fabric->protocols) {
    if (protocol.algorithm != CollectiveAlgorithm::kRing &&
        protocol.algorithm != CollectiveAlgorithm::kInSwitch) {
      continue;
    }
    const WireDemand local =
        FindAlgorithm(protocol.algorithm)->demand(kind, group.ranks_per_host, bytes);
    plans.push_back(
        Through(CollectiveAlgorithm::kInNetwork, protocol, local, 2, bytes * group.lanes, group));
  }
  return plans;
}

namespace {

// All-to-all: every rank to every rank; the peers on the own host are reached over the domain.
std::vector<HostPlan> AllToAllPlans(CollectiveAlgorithm algorithm, Bytes bytes,
                                    const GroupPlacement& group) {
  std::vector<HostPlan> plans;
  const double hosts = static_cast<double>(group.hosts.size());
  const double per_host = group.ranks_per_host;
  const Bytes per_rank = bytes * ((hosts - 1) / hosts);  // what leaves the host
  for (const CollectiveProtocol& protocol : group.local.fabric->protocols) {
    if (protocol.algorithm != CollectiveAlgorithm::kDirect) continue;
    const WireDemand local{hosts * per_host - 1, bytes * ((per_host - 1) / (hosts * per_host))};
    plans.push_back(
        Through(algorithm, protocol, local, 1, per_rank * (per_host * group.lanes), group));
    plans.back().pattern = FlowPattern::kAllPairs;
  }
  return plans;
}

bool GoesPairwise(const GroupPlacement& group) {
  for (const CollectiveProtocol& protocol : group.local.fabric->protocols) {
    if (protocol.algorithm == CollectiveAlgorithm::kPairwise) return true;
  }
  return false;
}

}  // namespace

std::vector<HostPlan> DirectAcrossHosts(CollectiveKind kind, Bytes bytes,
                                        const GroupPlacement& group) {
  if (kind != CollectiveKind::kAllToAll || GoesPairwise(group)) return {};
  return AllToAllPlans(CollectiveAlgorithm::kDirect, bytes, group);
}

// One other host after another, so that no host hears from many at once (HCCL documentation,
// "HCCL_ALGO": pairwise).
std::vector<HostPlan> PairwiseAcrossHosts(CollectiveKind kind, Bytes bytes,
                                          const GroupPlacement& group) {
  if (kind != CollectiveKind::kAllToAll || !GoesPairwise(group)) return {};
  std::vector<HostPlan> plans = AllToAllPlans(CollectiveAlgorithm::kPairwise, bytes, group);
  // Each host after the first costs a message.
  const double more = static_cast<double>(group.hosts.size()) - 2;
  for (HostPlan& plan : plans) {
    plan.latency += (group.scale_out->base_latency + group.hop_latency) * more;
  }
  return plans;
}

}  // namespace fleetsim
