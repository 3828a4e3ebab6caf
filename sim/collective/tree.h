// Tree: few steps, for small messages.
#ifndef SIM_COLLECTIVE_TREE_H_
#define SIM_COLLECTIVE_TREE_H_

#include "sim/collective/algorithm.h"

namespace fleetsim {

// All-reduce only, as in NCCL (src/graph/tuning.cc: the other operations run on rings).
bool TreeServes(CollectiveKind kind, const DomainLinks& links);

// Double binary tree (Sanders, Speck and Traeff 2009; NCCL 2.4): each half of the buffer goes up
// and down a tree of its own, and a rank is inner in one and leaf in the other. The busiest rank
// has three edges in one tree and one in the other, half the buffer each: it sends 2 x bytes (two
// ranks: one edge in each tree, 1 x bytes).
WireDemand TreeDemand(CollectiveKind kind, int ranks, Bytes bytes);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_TREE_H_
