// What a collective costs: inside a domain a closed form (the library's best protocol), across
// hosts flows for the simulator plus the latencies and the domain-internal floor those flows do not
// show.
#ifndef SIM_COLLECTIVE_COLLECTIVE_H_
#define SIM_COLLECTIVE_COLLECTIVE_H_

#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/fabric.h"
#include "sim/program/program.h"

namespace fleetsim {

// The scale-up fabric of one domain as a collective sees it.
struct DomainLinks {
  const Fabric* fabric = nullptr;     // null: an assumed host bus (local.cc)
  BytesPerSecond bandwidth;           // one accelerator, one direction
  BytesPerSecond pairwise_bandwidth;  // full mesh: one link; zero: an equal share of `bandwidth`
  int domain_accelerators = 8;        // of the whole domain
  bool engine_kernels = false;        // an inference engine's own all-reduce may be taken
};

// The way that was taken: between hosts where there are several, inside the domain otherwise.
struct CollectiveChoice {
  CollectiveAlgorithm algorithm = CollectiveAlgorithm::kRing;
  const CollectiveProtocol* protocol = nullptr;  // of the domain's fabric; null: none was needed
};

// One collective inside a domain, with what its time is made of.
struct LocalCollective {
  CollectiveChoice choice;
  Seconds latency;   // launch, steps, filling of the pipeline
  Seconds transfer;  // links busy
  Seconds Total() const { return latency + transfer; }
};
LocalCollective ChooseLocalCollective(CollectiveKind kind, int ranks, Bytes bytes,
                                      const DomainLinks& links);

// Time of one collective among `ranks` accelerators of one domain: the cheapest protocol of the
// fabric that serves it. `bytes` as in CollectiveSpec. Zero for one rank or no bytes.
Seconds LocalCollectiveTime(CollectiveKind kind, int ranks, Bytes bytes, const DomainLinks& links);

// The bandwidth bound of the same: wire bytes over the achievable bandwidth of the best protocol,
// no latency, no pipeline fill.
Seconds LocalCollectiveBound(CollectiveKind kind, int ranks, Bytes bytes, const DomainLinks& links);

// One transfer between two accelerators of one domain.
LocalCollective ChooseLocalTransfer(Bytes bytes, const DomainLinks& links);
Seconds LocalTransferTime(Bytes bytes, const DomainLinks& links);

// How the ranks of a group lie on hosts, in ring order, and what each host gives the group.
struct GroupPlacement {
  std::vector<int> hosts;    // distinct hosts in ring order
  int ranks_per_host = 1;    // ranks of one ring on one host
  int lanes = 1;             // rings side by side (tensor-parallel positions)
  BytesPerSecond nic_share;  // of one host, one direction, for all lanes together
  DomainLinks local;
  const Fabric* scale_out = nullptr;
  Seconds hop_latency;  // one way between two neighbouring hosts, links included
  // All hosts under one leaf: no parallel paths for flows to collide on, so the fabric gives its
  // point-to-point efficiency instead of its collective efficiency.
  bool one_leaf = false;
};

// A flow between two hosts, and the most it may take of the links.
struct HostFlow {
  int source = 0, destination = 0;  // hosts
  Bytes bytes;
  BytesPerSecond rate_limit;
};

// All of a collective at once: it is done when every flow is done and `local_floor` has passed
// since its start, plus `latency`.
struct CollectivePlan {
  std::vector<HostFlow> flows;
  Seconds local_floor;
  Seconds latency;
  CollectiveChoice choice = {};
};

// The plan of the algorithm that the library would take: the one with the least CollectiveTime. One
// host: no flows, `local_floor` is LocalCollectiveTime.
CollectivePlan PlanCollective(CollectiveKind kind, Bytes bytes, const GroupPlacement& group);

// `repeats` of the same one after another, each of an equal part of `bytes`, as one plan.
CollectivePlan PlanRepeated(CollectiveKind kind, Bytes bytes, int repeats,
                            const GroupPlacement& group);

// Every rank sends `bytes` to the next one of the ring, all at once (nccl-tests' sendrecv; between
// two ranks both directions of one transfer).
CollectivePlan PlanTransfers(Bytes bytes, const GroupPlacement& group);

// What a program's collective does: its expert exchange where it has one, its kind otherwise.
CollectivePlan PlanSpec(const CollectiveSpec& spec, const GroupPlacement& group);

// Both at once, done when both are.
CollectivePlan SideBySide(CollectivePlan plan, const CollectivePlan& other);

// Time of a plan on an idle network: the slowest flow at its rate limit or the floor, plus latency.
Seconds CollectiveTime(const CollectivePlan& plan);

// The same without making the flows, for searches.
Seconds CollectiveTime(CollectiveKind kind, Bytes bytes, const GroupPlacement& group);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_COLLECTIVE_H_
