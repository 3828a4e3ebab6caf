// What a layer of experts moves between accelerators: tokens to the ranks that hold their experts
// (dispatch), and the results back (combine).
#ifndef SIM_PROGRAM_EXPERT_EXCHANGE_H_
#define SIM_PROGRAM_EXPERT_EXCHANGE_H_

#include <compare>

#include "sim/base/units.h"
#include "sim/hardware/expert_kernel.h"

namespace fleetsim {

struct ExpertExchange {
  ExpertLibrary library = ExpertLibrary::kCollective;
  ExpertPhase phase = ExpertPhase::kDispatch;
  double tokens = 0;          // that one rank dispatches, or gets combined
  Bytes token;                // one copy on the wire, scales included
  int experts = 1;            // routed ones, the same number on every rank
  int experts_per_token = 1;  // chosen evenly among all
  int hosts_per_token = 0;    // node-limited routing: at most so many hosts; 0: no limit
  // A token's experts lie on as many ranks as they can (benchmarks); otherwise by chance.
  bool spread = false;
  double imbalance = 1.0;  // load of the busiest rank over the mean
  int processors = 20;     // kNormal: of each accelerator, for the kernel (DeepEP's default)

  auto operator<=>(const ExpertExchange&) const = default;
};

}  // namespace fleetsim

#endif  // SIM_PROGRAM_EXPERT_EXCHANGE_H_
