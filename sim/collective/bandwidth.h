// What one accelerator can send to the others of a group, by the topology of the domain.
#ifndef SIM_COLLECTIVE_BANDWIDTH_H_
#define SIM_COLLECTIVE_BANDWIDTH_H_

#include "sim/collective/collective.h"

namespace fleetsim {

// `links` with a fabric in any case: the assumed host bus where it has none.
DomainLinks WithFabric(const DomainLinks& links);

// One direction, line rate, for a group of `ranks` neighbours in the domain.
//  switched   the whole bandwidth;
//  full mesh  only the links to the ranks - 1 others of the group: 2 of 8 get one link in seven;
//  PCIe tree, islands  the whole bandwidth inside an island, the thinner path across islands.
BytesPerSecond GroupBandwidth(int ranks, const DomainLinks& links);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_BANDWIDTH_H_
