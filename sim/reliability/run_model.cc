#include "sim/reliability/run_model.h"

#include <algorithm>
#include <cmath>

#include "sim/reliability/random.h"

namespace fleetsim {

double StragglerSlowdown(const RunModel& model, double p) {
  if (model.speed_spread <= 0.0) return 1.0;
  // P(slowest of n > x) = (1 - Phi(x))^n, set to p: the quantile of Phi is 1 - p^(1/n).
  const double below = -std::expm1(std::log(p) / model.spread_hosts);
  constexpr double kSmallest = 1e-300;  // rounding at p near 1
  const double slowest =
      1.0 + model.speed_spread * NormalQuantile(std::clamp(below, kSmallest, 1.0 - 0x1p-53));
  // A host this slow would be found and replaced.
  constexpr double kAssumedSlowestKept = 0.1;
  return 1.0 +
         model.synchronous_share * (1.0 / std::clamp(slowest, kAssumedSlowestKept, 1.0) - 1.0);
}

Seconds MeanTimeBetweenStops(const RunModel& model) {
  double per_second = 0.0;
  for (const StopCause& cause : model.causes) per_second += 1.0 / cause.mean_time_between.value();
  return per_second > 0.0 ? Seconds(1.0 / per_second) : kNever;
}

}  // namespace fleetsim
