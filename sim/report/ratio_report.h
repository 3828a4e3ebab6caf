// Ratios between measured cases against the same ratios simulated, as a table.
#ifndef SIM_REPORT_RATIO_REPORT_H_
#define SIM_REPORT_RATIO_REPORT_H_

#include <vector>

#include "sim/report/table.h"
#include "sim/validation/ratio.h"

namespace fleetsim {

// One row a ratio: both values, the difference in points, or why there is none.
Table RatioTable(const std::vector<RatioResult>& ratios);

}  // namespace fleetsim

#endif  // SIM_REPORT_RATIO_REPORT_H_
