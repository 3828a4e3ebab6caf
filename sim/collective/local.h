// The parts of a collective inside one domain, one protocol at a time.
#ifndef SIM_COLLECTIVE_LOCAL_H_
#define SIM_COLLECTIVE_LOCAL_H_

#include "sim/collective/algorithm.h"

namespace fleetsim {

// What `demand` costs with one protocol: `transfer` is the time the wire is busy (W of
// proto/catalog.proto), `latency` all the rest.
struct ProtocolCost {
  Seconds latency, transfer;
  Seconds Total() const { return latency + transfer; }
};

ProtocolCost CostOf(const CollectiveProtocol& protocol, const WireDemand& demand,
                    BytesPerSecond bandwidth);

// A transfer cut into c chunks that pass k + 1 stages, each chunk at a fixed cost f, takes
// (c + k) (f + transfer / c); the best c leaves transfer + k f + 2 sqrt(k f x transfer). This is
// the last term, with `fill` = k f (the middle term is in the protocol's latency).
Seconds PipelineFill(Seconds fill, Seconds transfer);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_LOCAL_H_
