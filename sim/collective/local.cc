#include "sim/collective/local.h"

#include <cmath>

#include "sim/base/check.h"
#include "sim/collective/bandwidth.h"

namespace fleetsim {
namespace {

// The least of `cost` over the protocols that serve the operation.
template <class Cost>
LocalCollective BestProtocol(CollectiveKind kind, int ranks, Bytes bytes, const DomainLinks& links,
                             Cost cost) {
  FLEETSIM_CHECK(ranks >= 1 && bytes.value() >= 0);
  LocalCollective best;
  if (ranks == 1 || bytes.value() == 0) return best;
  const DomainLinks domain = WithFabric(links);
  const BytesPerSecond bandwidth = GroupBandwidth(ranks, domain);
  for (const CollectiveProtocol& protocol : domain.fabric->protocols) {
    const Algorithm* algorithm = FindAlgorithm(protocol.algorithm);
    if (algorithm == nullptr || !algorithm->serves(kind, domain)) continue;
    const ProtocolCost found = cost(protocol, algorithm->demand(kind, ranks, bytes), bandwidth);
    if (best.choice.protocol != nullptr && found.Total() >= best.Total()) continue;
    best = {{protocol.algorithm, &protocol}, found.latency, found.transfer};
  }
  FLEETSIM_CHECK(best.choice.protocol !=
                 nullptr);  // the reader refuses fabrics that serve too little
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

LocalCollective ChooseLocalCollective(CollectiveKind kind, int ranks, Bytes bytes,
                                      const DomainLinks& links) {
  return BestProtocol(kind, ranks, bytes, links, CostOf);
}

Seconds LocalCollectiveTime(CollectiveKind kind, int ranks, Bytes bytes, const DomainLinks& links) {
  return ChooseLocalCollective(kind, ranks, bytes, links).Total();
}

Seconds LocalCollectiveBound(CollectiveKind kind, int ranks, Bytes bytes,
                             const DomainLinks& links) {
  return BestProtocol(kind, ranks, bytes, links,
                      [](const CollectiveProtocol& protocol, const WireDemand& demand,
                         BytesPerSecond bandwidth) {
                        return ProtocolCost{{}, demand.wire / (bandwidth * protocol.efficiency)};
                      })
      .transfer;
}

LocalCollective ChooseLocalTransfer(Bytes bytes, const DomainLinks& links) {
  const DomainLinks domain = WithFabric(links);
  const Fabric& fabric = *domain.fabric;
  const BytesPerSecond bandwidth = GroupBandwidth(2, domain);
  LocalCollective best{{CollectiveAlgorithm::kSendReceive, nullptr},
                       fabric.base_latency,
                       bytes / (bandwidth * fabric.point_to_point_efficiency)};
  for (const CollectiveProtocol& protocol : fabric.protocols) {
    if (protocol.algorithm != CollectiveAlgorithm::kSendReceive) continue;
    const ProtocolCost found = CostOf(protocol, {1, bytes}, bandwidth);
    if (best.choice.protocol != nullptr && found.Total() >= best.Total()) continue;
    best = {{protocol.algorithm, &protocol}, found.latency, found.transfer};
  }
  return best;
}

Seconds LocalTransferTime(Bytes bytes, const DomainLinks& links) {
  return ChooseLocalTransfer(bytes, links).Total();
}

}  // namespace fleetsim
