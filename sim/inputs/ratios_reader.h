// Pairs of measured configurations whose ratio is the point: one change, everything else alike.
#ifndef SIM_INPUTS_RATIOS_READER_H_
#define SIM_INPUTS_RATIOS_READER_H_

#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/inputs/cases_reader.h"

namespace fleetsim {

struct MeasuredRatio {
  std::string name;
  std::string numerator, denominator;  // ids of configurations
  std::string metric;                  // empty: the speed metric that both share
  std::string source;
  int line = 0;
};

// Columns name, numerator, denominator, metric, source. Errors name file, line and column: a
// missing column, an id that `cases` does not hold, a configuration without the metric.
absl::StatusOr<std::vector<MeasuredRatio>> ReadRatios(const std::string& path,
                                                      const std::vector<MeasuredCase>& cases);

}  // namespace fleetsim

#endif  // SIM_INPUTS_RATIOS_READER_H_
