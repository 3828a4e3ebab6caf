#include "sim/collective/tree.h"

namespace fleetsim {

bool TreeServes(CollectiveKind kind, const DomainLinks&) {
  return kind == CollectiveKind::kAllReduce;
}

WireDemand TreeDemand(CollectiveKind, int ranks, Bytes bytes) {
  const double depth = CeilLog2(ranks);
  return {2 * depth, bytes * (ranks == 2 ? 1.0 : 2.0)};
}

}  // namespace fleetsim
