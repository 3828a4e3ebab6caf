#include "sim/collective/one_shot.h"

namespace fleetsim {

bool EngineKernelServes(CollectiveKind kind, const DomainLinks& links) {
  return kind == CollectiveKind::kAllReduce && links.engine_kernels;
}

WireDemand OneShotDemand(CollectiveKind, int ranks, Bytes bytes) {
  const double peers = ranks - 1;
  return {peers, bytes * peers};
}

WireDemand TwoShotDemand(CollectiveKind, int ranks, Bytes bytes) {
  const double peers = ranks - 1;
  return {2 * peers, bytes * (2 * peers / ranks)};
}

}  // namespace fleetsim
