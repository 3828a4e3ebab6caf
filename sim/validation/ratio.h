// Whether one change does in the simulation what it does in reality.
#ifndef SIM_VALIDATION_RATIO_H_
#define SIM_VALIDATION_RATIO_H_

#include <string>
#include <vector>

#include "sim/inputs/ratios_reader.h"
#include "sim/validation/accuracy.h"

namespace fleetsim {

struct RatioResult {
  const MeasuredRatio* ratio = nullptr;
  std::string metric;
  // Of a speed: numerator's over denominator's, times inverted, so that 0.8 is a fifth slower
  // whatever was published. Of another metric: the values themselves.
  double measured = 0, simulated = 0;
  std::string reason;  // why there is none; empty: there is

  double Points() const { return 100.0 * (simulated - measured); }
};

// One result for each ratio that has at least one of its configurations among `results`, in order.
std::vector<RatioResult> CompareRatios(const std::vector<MeasuredRatio>& ratios,
                                       const std::vector<CaseResult>& results);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_RATIO_H_
