#include "sim/collective/ring.h"

namespace fleetsim {

bool RingServes(CollectiveKind kind, const DomainLinks&) {
  return kind != CollectiveKind::kAllToAll;
}

WireDemand RingDemand(CollectiveKind kind, int ranks, Bytes bytes) {
  const double steps = ranks - 1;
  switch (kind) {
    case CollectiveKind::kAllReduce:
      return {2 * steps, bytes * (2 * steps / ranks)};
    case CollectiveKind::kReduceScatter:
    case CollectiveKind::kAllGather:
      return {steps, bytes * (steps / ranks)};
    default:
      return {steps, bytes};
  }
}

}  // namespace fleetsim
