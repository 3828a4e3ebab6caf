// One way to run a collective across hosts, before it becomes flows. All lanes and ranks are
// counted in; ways are compared by their time on an idle network.
#ifndef SIM_COLLECTIVE_ACROSS_HOSTS_H_
#define SIM_COLLECTIVE_ACROSS_HOSTS_H_

#include <vector>

#include "sim/collective/local.h"

namespace fleetsim {

enum class FlowPattern { kRing, kChain, kAllPairs };

struct HostPlan {
  FlowPattern pattern = FlowPattern::kRing;
  Bytes sent_by_host;  // all lanes
  Seconds local_floor, latency;
  CollectiveChoice choice = {};
};

// What a host may send for the group: its share of the NICs times what the fabric achieves.
BytesPerSecond HostRate(const GroupPlacement& group);

// One dependent step between two hosts: software, NICs and switches.
Seconds HostStep(const GroupPlacement& group);

// Each returns the ways that serve the operation, one a protocol of the domain (`local.fabric`
// set).
std::vector<HostPlan> RingAcrossHosts(CollectiveKind kind, Bytes bytes,
                                      const GroupPlacement& group);
std::vector<HostPlan> TreeAcrossHosts(CollectiveKind kind, Bytes bytes,
                                      const GroupPlacement& group);
std::vector<HostPlan> HierarchicalAcrossHosts(CollectiveKind kind, Bytes bytes,
                                              const GroupPlacement& group);
std::vector<HostPlan> InNetworkAcrossHosts(CollectiveKind kind, Bytes bytes,
                                           const GroupPlacement& group);
std::vector<HostPlan> PairwiseAcrossHosts(CollectiveKind kind, Bytes bytes,
                                          const GroupPlacement& group);
std::vector<HostPlan> DirectAcrossHosts(CollectiveKind kind, Bytes bytes,
                                        const GroupPlacement& group);

// On an idle network.
Seconds IdleTime(const HostPlan& plan, const GroupPlacement& group);

// As flows between the group's hosts.
CollectivePlan FlowsOf(const HostPlan& plan, const GroupPlacement& group);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_ACROSS_HOSTS_H_
