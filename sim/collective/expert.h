// Expert dispatch and combine: what they cost with the library that a framework uses.
#ifndef SIM_COLLECTIVE_EXPERT_H_
#define SIM_COLLECTIVE_EXPERT_H_

#include "sim/collective/collective.h"
#include "sim/program/expert_exchange.h"

namespace fleetsim {

// Copies of one token, on average over an even choice of experts; the sender's own host and rank
// count.
struct TokenCopies {
  double hosts = 1;  // hosts that hold at least one of its experts
  double ranks = 1;  // ranks that do
};
// `hosts` x `ranks_per_host` ranks share the experts. Of `groups` equal groups of the experts,
// groups x (1 - C(E - E/groups, k) / C(E, k)) are hit by k of E (hypergeometric).
// Example: 8 of 256 experts on 8 ranks: 5.29 ranks.
TokenCopies ExpectedCopies(const ExpertExchange& exchange, int hosts, int ranks_per_host);

// Whether the fabric inside has what `library` needs; kCollective always.
bool ServesExperts(ExpertLibrary library, const DomainLinks& links);

// Time of one exchange among `ranks` accelerators of one domain; the library must be served.
Seconds LocalExpertTime(const ExpertExchange& exchange, int ranks, const DomainLinks& links);

// The same as flows between hosts, as PlanCollective makes them; lanes as there.
CollectivePlan PlanExpertExchange(const ExpertExchange& exchange, const GroupPlacement& group);

// CollectiveTime() of it, without making the flows.
Seconds ExpertExchangeTime(const ExpertExchange& exchange, const GroupPlacement& group);

// Bytes that one rank's NIC sends, without imbalance.
Bytes ExpertNetworkBytes(const ExpertExchange& exchange, int hosts, int ranks_per_host);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_EXPERT_H_
