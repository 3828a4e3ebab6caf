// Direct exchange: every rank with every other one at once, over all links.
#ifndef SIM_COLLECTIVE_DIRECT_H_
#define SIM_COLLECTIVE_DIRECT_H_

#include "sim/collective/algorithm.h"

namespace fleetsim {

// All-to-all on any fabric; on a full mesh, where a ring would leave links idle, everything.
bool DirectServes(CollectiveKind kind, const DomainLinks& links);

// All-to-all, reduce-scatter, all-gather: (n-1)/n x bytes to n-1 peers at once; all-reduce: a
// reduce-scatter and an all-gather. Broadcast: the root scatters, then everybody gathers; the root
// sends most. Steps count peers: their messages are set up one after another.
WireDemand DirectDemand(CollectiveKind kind, int ranks, Bytes bytes);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_DIRECT_H_
