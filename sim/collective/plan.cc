// The choice among the ways across hosts, and its flows.
#include <algorithm>
#include <set>

#include "sim/base/check.h"
#include "sim/collective/across_hosts.h"
#include "sim/collective/bandwidth.h"
#include "sim/collective/expert.h"

namespace fleetsim {
namespace {

// Beyond this many hosts an all-to-all sends the same bytes to that many evenly spread peers: the
// load on every link level stays, the number of flows stays linear.
constexpr int kMaxAllToAllPeers = 64;

std::vector<HostPlan> Ways(CollectiveKind kind, Bytes bytes, const GroupPlacement& group) {
  std::vector<HostPlan> all;
  for (const auto ways : {RingAcrossHosts, TreeAcrossHosts, HierarchicalAcrossHosts,
                          InNetworkAcrossHosts, DirectAcrossHosts, PairwiseAcrossHosts}) {
    const std::vector<HostPlan> plans = ways(kind, bytes, group);
    all.insert(all.end(), plans.begin(), plans.end());
  }
  return all;
}

Seconds IdleTime(const HostPlan& plan, const GroupPlacement& group) {
  return Max(plan.sent_by_host / HostRate(group), plan.local_floor) + plan.latency;
}

// Distances (in ring order) of the peers one host sends to.
std::set<int> Distances(FlowPattern pattern, int hosts) {
  std::set<int> distances = {1};
  if (pattern != FlowPattern::kAllPairs) return distances;
  const int peers = std::min(hosts - 1, kMaxAllToAllPeers);
  for (int i = 0; i < peers; ++i) {
    distances.insert(1 + static_cast<int>(static_cast<long long>(i) * (hosts - 1) / peers));
  }
  return distances;
}

std::vector<HostFlow> Flows(const HostPlan& plan, const GroupPlacement& group) {
  const int hosts = static_cast<int>(group.hosts.size());
  const std::set<int> distances = Distances(plan.pattern, hosts);
  const double peers = static_cast<double>(distances.size());
  std::vector<HostFlow> flows;
  for (int i = 0; i < hosts; ++i) {
    for (const int distance : distances) {
      if (plan.pattern == FlowPattern::kChain && i + distance >= hosts) continue;
      flows.push_back({group.hosts[i], group.hosts[(i + distance) % hosts],
                       plan.sent_by_host / peers, HostRate(group) / peers});
    }
  }
  return flows;
}

// `group` with a fabric inside, once it is known to be sound.
GroupPlacement Checked(const GroupPlacement& group) {
  FLEETSIM_CHECK(!group.hosts.empty() && group.ranks_per_host >= 1 && group.lanes >= 1);
  GroupPlacement result = group;
  result.local = WithFabric(group.local);
  FLEETSIM_CHECK(group.hosts.size() == 1 ||
                 (group.scale_out != nullptr && HostRate(group).value() > 0));
  return result;
}

// The same `repeats` times, one after another.
CollectivePlan Repeated(CollectivePlan plan, int repeats) {
  FLEETSIM_CHECK(repeats >= 1);
  for (HostFlow& flow : plan.flows) flow.bytes *= repeats;
  plan.local_floor *= repeats;
  plan.latency *= repeats;
  return plan;
}

// The fastest way across hosts.
HostPlan BestWay(CollectiveKind kind, Bytes bytes, const GroupPlacement& group) {
  const std::vector<HostPlan> ways = Ways(kind, bytes, group);
  FLEETSIM_CHECK(!ways.empty());  // the reader refuses fabrics that serve too little
  return *std::min_element(ways.begin(), ways.end(),
                           [&group](const HostPlan& a, const HostPlan& b) {
                             return IdleTime(a, group) < IdleTime(b, group);
                           });
}

}  // namespace

CollectivePlan PlanCollective(CollectiveKind kind, Bytes bytes, const GroupPlacement& placement) {
  const GroupPlacement group = Checked(placement);
  CollectivePlan result;
  if (bytes.value() == 0) return result;
  if (group.hosts.size() == 1) {
    const LocalCollective local =
        ChooseLocalCollective(kind, group.ranks_per_host, bytes, group.local);
    result.local_floor = local.Total();
    result.choice = local.choice;
    return result;
  }
  return FlowsOf(BestWay(kind, bytes, group), group);
}

CollectivePlan FlowsOf(const HostPlan& plan, const GroupPlacement& group) {
  return {Flows(plan, group), plan.local_floor, plan.latency, plan.choice};
}

CollectivePlan PlanTransfers(Bytes bytes, const GroupPlacement& placement) {
  const GroupPlacement group = Checked(placement);
  CollectivePlan plan;
  plan.choice.algorithm = CollectiveAlgorithm::kSendReceive;
  if (group.ranks_per_host > 1) {
    const LocalCollective local = ChooseLocalTransfer(bytes, group.local);
    plan.local_floor = local.Total();
    plan.choice = local.choice;
  }
  const int hosts = static_cast<int>(group.hosts.size());
  if (hosts == 1) return plan;
  const BytesPerSecond nic =
      group.nic_share / double(group.ranks_per_host) * group.scale_out->point_to_point_efficiency;
  for (int i = 0; i < hosts; ++i) {
    plan.flows.push_back({group.hosts[i], group.hosts[(i + 1) % hosts], bytes, nic});
  }
  plan.latency = group.scale_out->base_latency;
  return plan;
}

CollectivePlan PlanSpec(const CollectiveSpec& spec, const GroupPlacement& group) {
  if (!spec.exchange) {
    GroupPlacement driven = group;
    driven.nic_share *= spec.network_share;
    return PlanRepeated(spec.kind, spec.bytes, spec.repeats, driven);
  }
  ExpertExchange one = *spec.exchange;
  one.tokens /= spec.repeats;
  return Repeated(PlanExpertExchange(one, group), spec.repeats);
}

CollectivePlan SideBySide(CollectivePlan plan, const CollectivePlan& other) {
  plan.flows.insert(plan.flows.end(), other.flows.begin(), other.flows.end());
  plan.local_floor = Max(plan.local_floor, other.local_floor);
  plan.latency = Max(plan.latency, other.latency);
  plan.choice = other.choice;
  return plan;
}

Seconds CollectiveTime(const CollectivePlan& plan) {
  Seconds slowest = plan.local_floor;
  for (const HostFlow& flow : plan.flows) slowest = Max(slowest, flow.bytes / flow.rate_limit);
  return slowest + plan.latency;
}

Seconds CollectiveTime(CollectiveKind kind, Bytes bytes, const GroupPlacement& placement) {
  const GroupPlacement group = Checked(placement);
  if (bytes.value() == 0) return Seconds(0);
  if (group.hosts.size() == 1) {
    return LocalCollectiveTime(kind, group.ranks_per_host, bytes, group.local);
  }
  return IdleTime(BestWay(kind, bytes, group), group);
}

CollectivePlan PlanRepeated(CollectiveKind kind, Bytes bytes, int repeats,
                            const GroupPlacement& group) {
  return Repeated(PlanCollective(kind, bytes / repeats, group), repeats);
}

}  // namespace fleetsim
