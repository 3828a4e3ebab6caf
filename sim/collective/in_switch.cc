#include "sim/collective/in_switch.h"

namespace fleetsim {

bool InSwitchServes(CollectiveKind kind, const DomainLinks&) {
  return kind == CollectiveKind::kAllReduce;
}

WireDemand InSwitchDemand(CollectiveKind, int ranks, Bytes bytes) {
  return {2, bytes * ((ranks + 1.0) / ranks)};
}

}  // namespace fleetsim
