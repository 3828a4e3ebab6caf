// Ring: every rank sends to the next one; bandwidth-optimal, latency grows with the ranks.
#ifndef SIM_COLLECTIVE_RING_H_
#define SIM_COLLECTIVE_RING_H_

#include "sim/collective/algorithm.h"

namespace fleetsim {

bool RingServes(CollectiveKind kind, const DomainLinks& links);

// All-reduce: 2 (n-1) steps of bytes / n; reduce-scatter and all-gather: n-1 of them (Patarasuk and
// Yuan 2009, section 3). Broadcast: the whole buffer passes each of n-1 edges, pipelined.
// Example: 8 ranks all-reduce 8 bytes: 14 steps, 14 bytes sent by each rank.
WireDemand RingDemand(CollectiveKind kind, int ranks, Bytes bytes);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_RING_H_
