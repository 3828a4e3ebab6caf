// When requests arrive: arrival processes by their rate and burstiness.
#ifndef SIM_TRACE_ARRIVALS_H_
#define SIM_TRACE_ARRIVALS_H_

#include <cstdint>

#include "sim/base/units.h"
#include "sim/trace/random.h"

namespace fleetsim {

enum class ArrivalKind {
  kConstant,  // equal intervals
  kPoisson,   // exponential intervals
  kGamma,     // gamma intervals of the given variation
  kOnOff      // Poisson while on, none while off: an interrupted Poisson process (Kuczura 1973)
};

struct Arrivals {
  ArrivalKind kind = ArrivalKind::kPoisson;
  double rate_per_s = 1.0;  // mean over all time
  // kGamma: coefficient of variation of the intervals, 1 / sqrt(shape); 1 is Poisson, 0.5 smoother,
  // 2 burstier. vLLM's `burstiness` is its inverse square.
  double variation = 1.0;
  // kOnOff: mean of the exponential times that traffic stays on and off.
  Seconds on, off;
};

class ArrivalProcess {
 public:
  ArrivalProcess(const Arrivals& arrivals, std::uint64_t seed);
  // The next arrival, never before the last one.
  Seconds Next();

 private:
  double NextInterval();
  double NextOnOffInterval();

  Arrivals arrivals_;
  Random random_;
  double now_s_ = 0.0;
  double on_left_s_ = 0.0;  // kOnOff: time that traffic stays on from now
};

}  // namespace fleetsim

#endif  // SIM_TRACE_ARRIVALS_H_
