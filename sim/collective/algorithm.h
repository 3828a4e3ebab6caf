// What every algorithm answers: how many dependent steps it takes and what each rank puts on the
// wire. One algorithm a file; algorithm.cc holds the table.
#ifndef SIM_COLLECTIVE_ALGORITHM_H_
#define SIM_COLLECTIVE_ALGORITHM_H_

#include "sim/base/units.h"
#include "sim/collective/collective.h"

namespace fleetsim {

// `wire`: the most that one rank sends (and receives); the ranks work at the same time.
struct WireDemand {
  double steps = 0;
  Bytes wire;
};

struct Algorithm {
  CollectiveAlgorithm name;
  // Whether it serves this operation on this fabric, inside a domain.
  bool (*serves)(CollectiveKind kind, const DomainLinks& links);
  WireDemand (*demand)(CollectiveKind kind, int ranks, Bytes bytes);
};

// Null for an algorithm that only works across hosts.
const Algorithm* FindAlgorithm(CollectiveAlgorithm name);

// Smallest d with 2^d >= count.
int CeilLog2(int count);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_ALGORITHM_H_
