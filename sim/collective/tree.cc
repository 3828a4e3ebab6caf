#include "sim/collective/tree.h"

namespace fleetsim {

bool TreeServes(CollectiveKind kind, const DomainLinks&) {
  return kind == CollectiveKind::kAllReduce || kind == CollectiveKind::kBroadcast;
}

WireDemand TreeDemand(CollectiveKind kind, int ranks, Bytes bytes) {
  const double depth = CeilLog2(ranks);
  if (kind == CollectiveKind::kBroadcast) return {depth, bytes};
  return {2 * depth, bytes * (ranks == 2 ? 1.0 : 2.0)};
}

}  // namespace fleetsim
