#include "sim/collective/local.h"

#include <cmath>
#include <limits>

#include "sim/base/check.h"
#include "sim/collective/bandwidth.h"

namespace fleetsim {
namespace {

// The least of `cost` over the protocols that serve the operation.
template <class Cost>
Seconds BestProtocol(CollectiveKind kind, int ranks, Bytes bytes, const DomainLinks& links,
                     Cost cost) {
  FLEETSIM_CHECK(ranks >= 1 && bytes.value() >= 0);
  if (ranks == 1 || bytes.value() == 0) return Seconds(0);
  const DomainLinks domain = WithFabric(links);
  const BytesPerSecond bandwidth = GroupBandwidth(ranks, domain);
  Seconds best{std::numeric_limits<double>::infinity()};
  for (const CollectiveProtocol& protocol : domain.fabric->protocols) {
    const Algorithm* algorithm = FindAlgorithm(protocol.algorithm);
    if (algorithm == nullptr || !algorithm->serves(kind, domain)) continue;
    best = Min(best, cost(protocol, algorithm->demand(kind, ranks, bytes), bandwidth));
  }
  FLEETSIM_CHECK(std::isfinite(best.value()));  // the reader refuses fabrics that serve too little
  return best;
}

}  // namespace

Seconds PipelineFill(Seconds fill, Seconds transfer) {
  return Seconds(2 * std::sqrt(fill.value() * transfer.value()));
}

ProtocolCost CostOf(const CollectiveProtocol& protocol, const WireDemand& demand,
                    BytesPerSecond bandwidth) {
  const double drain = demand.steps > 0 ? protocol.drain / demand.steps : 0.0;
  const Seconds transfer = demand.wire * (1 + drain) / (bandwidth * protocol.efficiency);
  return {protocol.latency + protocol.step_latency * demand.steps +
              PipelineFill(protocol.fill, transfer),
          transfer};
}

Seconds LocalCollectiveTime(CollectiveKind kind, int ranks, Bytes bytes, const DomainLinks& links) {
  return BestProtocol(
      kind, ranks, bytes, links,
      [](const CollectiveProtocol& protocol, const WireDemand& demand, BytesPerSecond bandwidth) {
        return CostOf(protocol, demand, bandwidth).Total();
      });
}

Seconds LocalCollectiveBound(CollectiveKind kind, int ranks, Bytes bytes,
                             const DomainLinks& links) {
  return BestProtocol(
      kind, ranks, bytes, links,
      [](const CollectiveProtocol& protocol, const WireDemand& demand, BytesPerSecond bandwidth) {
        return demand.wire / (bandwidth * protocol.efficiency);
      });
}

Seconds LocalTransferTime(Bytes bytes, const DomainLinks& links) {
  const DomainLinks domain = WithFabric(links);
  const Fabric& fabric = *domain.fabric;
  const BytesPerSecond bandwidth = GroupBandwidth(2, domain) * fabric.point_to_point_efficiency;
  return fabric.base_latency + bytes / bandwidth;
}

}  // namespace fleetsim
