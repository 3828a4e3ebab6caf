// Reduction in the switch (NVLink SHARP, from NVSwitch 3 on).
#ifndef SIM_COLLECTIVE_IN_SWITCH_H_
#define SIM_COLLECTIVE_IN_SWITCH_H_

#include "sim/collective/algorithm.h"

namespace fleetsim {

bool InSwitchServes(CollectiveKind kind, const DomainLinks& links);

// Each rank owns bytes / n: it reads the switch's sum of all ranks' copies and writes it back as a
// multicast. So each rank's memory is read once in full, and each sends its own share once more:
// (n+1)/n x bytes out and as much in (Klenk et al. 2020, section 3).
// Example: 8 ranks all-reduce 8 bytes: 9 bytes sent by each, where a ring sends 14.
WireDemand InSwitchDemand(CollectiveKind kind, int ranks, Bytes bytes);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_IN_SWITCH_H_
