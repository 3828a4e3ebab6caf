// Who a program waits for: along the chain of events that ends last, the time by which computing
// took longer than on nominal hardware, by host.
#ifndef SIM_ENGINE_DELAY_CHAIN_H_
#define SIM_ENGINE_DELAY_CHAIN_H_

#include <cstdint>
#include <vector>

#include "sim/program/program.h"

namespace fleetsim {

// Chains share their beginnings: each is known by its last link, and a chain without any delay by
// kNone.
class DelayChains {
 public:
  using Chain = std::int32_t;
  static constexpr Chain kNone = -1;

  // `before`, then a delay on `host`.
  Chain Extend(Chain before, int host, Seconds delay) {
    links_.push_back({before, host, delay});
    return static_cast<Chain>(links_.size()) - 1;
  }
  // Sums by host, largest first.
  std::vector<HostDelay> Delays(Chain chain) const;

 private:
  struct Link {
    Chain before;
    int host;
    Seconds delay;
  };
  std::vector<Link> links_;
};

}  // namespace fleetsim

#endif  // SIM_ENGINE_DELAY_CHAIN_H_
