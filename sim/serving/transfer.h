// KV caches on their way from prefill to decode instances: flows over the platform's own links.
#ifndef SIM_SERVING_TRANSFER_H_
#define SIM_SERVING_TRANSFER_H_

#include <vector>

#include "sim/base/units.h"
#include "sim/engine/network.h"
#include "sim/serving/instance.h"

namespace fleetsim {

class KvTransfers {
 public:
  // Flows report their end as events of this kind.
  KvTransfers(Network& network, int event_kind) : network_(network), event_kind_(event_kind) {}

  // One flow from each host of the wider instance to its counterpart in the other one.
  void Start(int sequence, Bytes bytes, const Instance& from, const Instance& to);
  // Of the sequence whose cache this flow completes, -1 where more are under way or nobody waits.
  int Land(const Event& event);
  // Nobody waits for it any more. Its flows go on: what is on the wire is not called back.
  void Cancel(int sequence);

 private:
  struct Transfer {
    int sequence = -1;
    int flows = 0;
  };
  Network& network_;
  int event_kind_;
  std::vector<Transfer> transfers_;
  std::vector<int> free_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_TRANSFER_H_
