// Tree: few steps, for small messages.
#ifndef SIM_COLLECTIVE_TREE_H_
#define SIM_COLLECTIVE_TREE_H_

#include "sim/collective/algorithm.h"

namespace fleetsim {

bool TreeServes(CollectiveKind kind, const DomainLinks& links);

// Double binary tree (Sanders, Speck and Traeff 2009; NCCL 2.4): each half of the buffer goes up
// and down a tree of its own, and a rank is inner in one and leaf in the other. The busiest rank
// has three edges in one tree and one in the other, half the buffer each: it sends 2 x bytes in an
// all-reduce (two ranks: one edge in each tree, 1 x bytes). Broadcast: down only, inner ranks send
// 2 halves.
WireDemand TreeDemand(CollectiveKind kind, int ranks, Bytes bytes);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_TREE_H_
