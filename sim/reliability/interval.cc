#include "sim/reliability/interval.h"

#include <cmath>

namespace fleetsim {

Seconds OptimalInterval(Seconds pause, Seconds mean_time_between) {
  const double ratio = pause / (2.0 * mean_time_between);
  if (ratio >= 1.0) return mean_time_between;
  const double root = std::sqrt(ratio);
  return 2.0 * mean_time_between * root * (1.0 + root / 3.0 + ratio / 9.0) - pause;
}

}  // namespace fleetsim
