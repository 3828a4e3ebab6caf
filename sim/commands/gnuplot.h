// Plots by gnuplot.
#ifndef SIM_COMMANDS_GNUPLOT_H_
#define SIM_COMMANDS_GNUPLOT_H_

#include <functional>
#include <string>

#include "sim/base/status.h"

namespace fleetsim {

// What gnuplot writes to a temporary file, so that nothing is left of a failure. `script` is told
// its path.
absl::StatusOr<std::string> DrawPlot(const std::function<std::string(const std::string&)>& script);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_GNUPLOT_H_
