#include "sim/collective/direct.h"

namespace fleetsim {

bool DirectServes(CollectiveKind kind, const DomainLinks& links) {
  return kind == CollectiveKind::kAllToAll || links.fabric->topology == FabricTopology::kFullMesh;
}

WireDemand DirectDemand(CollectiveKind kind, int ranks, Bytes bytes) {
  const double peers = ranks - 1;
  const bool twice = kind == CollectiveKind::kAllReduce || kind == CollectiveKind::kBroadcast;
  const double rounds = twice ? 2 : 1;
  return {rounds * peers, bytes * (rounds * peers / ranks)};
}

}  // namespace fleetsim
