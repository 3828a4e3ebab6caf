// Hierarchical collectives, as HCCL runs them: reduce-scatter inside each host, the host's ranks
// then each work on their own share across hosts, all-gather inside each host.
#include "sim/collective/across_hosts.h"

namespace fleetsim {
namespace {

struct Phases {
  Seconds local;      // inside the domain, before and after
  double wire_ratio;  // of bytes, sent by the host for one lane
  double rounds;      // log2(hosts) steps each
};

Phases PhasesOf(CollectiveKind kind, Bytes bytes, const GroupPlacement& group) {
  const double hosts = static_cast<double>(group.hosts.size());
  const auto inside = [&](CollectiveKind phase) {
    return LocalCollectiveTime(phase, group.ranks_per_host, bytes, group.local);
  };
  switch (kind) {
    case CollectiveKind::kAllReduce:
      return {inside(CollectiveKind::kReduceScatter) + inside(CollectiveKind::kAllGather),
              2 * (hosts - 1) / hosts, 2};
    case CollectiveKind::kBroadcast:
      return {inside(kind), 1, 1};
    default:
      return {inside(kind), (hosts - 1) / hosts, 1};
  }
}

}  // namespace

// Between hosts the non-uniform hierarchical ring: a ring's bytes in log2(hosts) steps (HCCL
// documentation, "NHR"). The phases of successive chunks overlap, so the slower one decides.
std::vector<HostPlan> HierarchicalAcrossHosts(CollectiveKind kind, Bytes bytes,
                                              const GroupPlacement& group) {
  std::vector<HostPlan> plans;
  if (kind == CollectiveKind::kAllToAll) return plans;
  const Phases phases = PhasesOf(kind, bytes, group);
  const double steps = phases.rounds * CeilLog2(static_cast<int>(group.hosts.size()));
  for (const CollectiveProtocol& protocol : group.local.fabric->protocols) {
    if (protocol.algorithm != CollectiveAlgorithm::kHierarchical) continue;
    HostPlan plan;
    plan.choice = {protocol.algorithm, &protocol};
    plan.sent_by_host = bytes * (phases.wire_ratio * group.lanes);
    plan.local_floor = phases.local;
    plan.latency = protocol.latency + HostStep(group) * steps +
                   PipelineFill(group.scale_out->base_latency, plan.sent_by_host / HostRate(group));
    if (kind == CollectiveKind::kBroadcast) plan.pattern = FlowPattern::kChain;
    plans.push_back(plan);
  }
  return plans;
}

}  // namespace fleetsim
