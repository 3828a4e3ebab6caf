#include "sim/collective/expert.h"

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"
#include "sim/collective/across_hosts.h"
#include "sim/collective/bandwidth.h"

namespace fleetsim {
namespace {

// Groups hit by `chosen` of `experts` that are split evenly into `groups`.
double GroupsHit(double groups, double experts, int chosen) {
  const double in_group = experts / groups;
  double missed = 1.0;  // probability that one group has none of them
  for (int i = 0; i < chosen; ++i) missed *= std::max(0.0, experts - in_group - i) / (experts - i);
  return groups * (1.0 - missed);
}

const ExpertKernel* FindKernel(ExpertLibrary library, ExpertPhase phase, const Fabric& fabric) {
  for (const ExpertKernel& kernel : fabric.expert_kernels) {
    if (kernel.library == library && kernel.phase == phase) return &kernel;
  }
  return nullptr;
}

// Copies of a token, by where they pass.
struct Passes {
  double links = 0;    // sent over the scale-up links by one rank
  double network = 0;  // sent through its NIC
  double work = 0;     // moved by the kernel, in copies inside
};

Passes PassesOf(const ExpertExchange& exchange, const ExpertKernel& kernel, double hosts,
                double ranks_per_host) {
  const TokenCopies copies =
      ExpectedCopies(exchange, static_cast<int>(hosts), static_cast<int>(ranks_per_host));
  const double other_hosts = (hosts - 1) / hosts,
               other_ranks = (ranks_per_host - 1) / ranks_per_host;
  if (exchange.library == ExpertLibrary::kNormal) {
    const double network_work = hosts > 1 ? kernel.network_copies * copies.hosts : 0.0;
    return {copies.ranks * other_ranks, copies.hosts * other_hosts, copies.ranks + network_work};
  }
  const double straight =
      exchange.library == ExpertLibrary::kOneSided ? copies.ranks : exchange.experts_per_token;
  return {straight * other_ranks / hosts, straight * other_hosts, straight};
}

// The kernel's copying, and the links it copies over, whichever is slower.
Seconds Inside(const ExpertExchange& exchange, const ExpertKernel& kernel, const Passes& passes,
               BytesPerSecond bandwidth) {
  const double tokens = exchange.tokens * exchange.imbalance;
  const Seconds wire = exchange.token * (tokens * passes.links) / (bandwidth * kernel.efficiency);
  Seconds work = kernel.token * tokens + kernel.copy * (tokens * passes.work);
  if (kernel.processor_bandwidth.value() > 0) {
    work += exchange.token * (tokens * passes.work) / kernel.processor_bandwidth;
  }
  if (exchange.library == ExpertLibrary::kNormal) work = work / double(exchange.processors);
  return Max(work, wire);
}

// A library's all-to-all sends a copy for each expert.
Bytes AllToAllBytes(const ExpertExchange& exchange) {
  return exchange.token * (exchange.tokens * exchange.experts_per_token * exchange.imbalance);
}

}  // namespace

TokenCopies ExpectedCopies(const ExpertExchange& exchange, int hosts, int ranks_per_host) {
  FLEETSIM_CHECK(exchange.experts_per_token >= 1 && exchange.experts >= exchange.experts_per_token);
  double of_hosts = hosts, experts = exchange.experts;
  if (exchange.hosts_per_token > 0 && exchange.hosts_per_token < hosts) {
    of_hosts = exchange.hosts_per_token;
    experts *= of_hosts / hosts;
  }
  const int chosen = std::min(exchange.experts_per_token, static_cast<int>(experts));
  if (exchange.spread) {
    return {std::min<double>(of_hosts, chosen),
            std::min<double>(of_hosts * ranks_per_host, chosen)};
  }
  return {GroupsHit(of_hosts, experts, chosen),
          GroupsHit(of_hosts * ranks_per_host, experts, chosen)};
}

bool ServesExperts(ExpertLibrary library, const DomainLinks& links) {
  if (library == ExpertLibrary::kCollective) return true;
  return links.fabric != nullptr &&
         FindKernel(library, ExpertPhase::kDispatch, *links.fabric) != nullptr &&
         FindKernel(library, ExpertPhase::kCombine, *links.fabric) != nullptr;
}

Seconds LocalExpertTime(const ExpertExchange& exchange, int ranks, const DomainLinks& links) {
  if (ranks == 1 || exchange.tokens == 0) return Seconds(0);
  if (exchange.library == ExpertLibrary::kCollective) {
    return LocalCollectiveTime(CollectiveKind::kAllToAll, ranks, AllToAllBytes(exchange), links);
  }
  FLEETSIM_CHECK(ServesExperts(exchange.library, links));
  const ExpertKernel& kernel = *FindKernel(exchange.library, exchange.phase, *links.fabric);
  return kernel.latency + Inside(exchange, kernel, PassesOf(exchange, kernel, 1, ranks),
                                 GroupBandwidth(ranks, links));
}

namespace {

// Among several hosts, with a library of its own.
HostPlan ExpertHostPlan(const ExpertExchange& exchange, const GroupPlacement& group) {
  const double hosts = static_cast<double>(group.hosts.size());
  FLEETSIM_CHECK(ServesExperts(exchange.library, group.local) && group.scale_out != nullptr);
  const ExpertKernel& kernel = *FindKernel(exchange.library, exchange.phase, *group.local.fabric);
  const Passes passes = PassesOf(exchange, kernel, hosts, group.ranks_per_host);
  HostPlan plan;
  plan.pattern = FlowPattern::kAllPairs;
  plan.sent_by_host = exchange.token * (exchange.tokens * exchange.imbalance * passes.network *
                                        group.ranks_per_host * group.lanes);
  plan.local_floor =
      Inside(exchange, kernel, passes, GroupBandwidth(group.ranks_per_host, group.local));
  plan.latency = kernel.latency + kernel.host_latency * std::log2(hosts) + group.hop_latency;
  return plan;
}

}  // namespace

CollectivePlan PlanExpertExchange(const ExpertExchange& exchange, const GroupPlacement& group) {
  if (exchange.tokens == 0) return {};
  if (exchange.library == ExpertLibrary::kCollective) {
    return PlanCollective(CollectiveKind::kAllToAll, AllToAllBytes(exchange), group);
  }
  if (group.hosts.size() == 1) {
    CollectivePlan local;
    local.local_floor = LocalExpertTime(exchange, group.ranks_per_host, group.local);
    return local;
  }
  return FlowsOf(ExpertHostPlan(exchange, group), group);
}

Seconds ExpertExchangeTime(const ExpertExchange& exchange, const GroupPlacement& group) {
  if (exchange.tokens == 0) return Seconds(0);
  if (exchange.library == ExpertLibrary::kCollective) {
    return CollectiveTime(CollectiveKind::kAllToAll, AllToAllBytes(exchange), group);
  }
  if (group.hosts.size() == 1) {
    return LocalExpertTime(exchange, group.ranks_per_host, group.local);
  }
  return IdleTime(ExpertHostPlan(exchange, group), group);
}

Bytes ExpertNetworkBytes(const ExpertExchange& exchange, int hosts, int ranks_per_host) {
  const TokenCopies copies = ExpectedCopies(exchange, hosts, ranks_per_host);
  double passing = exchange.experts_per_token;
  if (exchange.library == ExpertLibrary::kNormal) passing = copies.hosts;
  if (exchange.library == ExpertLibrary::kOneSided) passing = copies.ranks;
  return exchange.token * (exchange.tokens * passing * (hosts - 1) / hosts);
}

}  // namespace fleetsim
