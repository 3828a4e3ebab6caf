#include "sim/report/ratio_report.h"

namespace fleetsim {

Table RatioTable(const std::vector<RatioResult>& ratios) {
  Table table({{"ratio", "ratio"},
               {"measured_ratio", "measured", "", 1.0, 3},
               {"simulated_ratio", "simulated", "", 1.0, 3},
               {"difference_ratio", "difference", "points", 0.01, 3},
               {"metric", "metric"},
               {"numerator", "of"},
               {"denominator", "to"},
               {"reason", "not simulated because"}});
  for (const RatioResult& result : ratios) {
    const MeasuredRatio& ratio = *result.ratio;
    if (result.reason.empty()) {
      table.AddRow({ratio.name, result.measured, result.simulated, result.Points() * 0.01,
                    result.metric, ratio.numerator, ratio.denominator, Cell()});
    } else {
      table.AddRow({ratio.name, Cell(), Cell(), Cell(), result.metric, ratio.numerator,
                    ratio.denominator, result.reason});
    }
  }
  return table;
}

}  // namespace fleetsim
