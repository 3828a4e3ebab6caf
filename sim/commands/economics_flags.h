// Flags that override what energy, carbon, money and space are computed with.
#ifndef SIM_COMMANDS_ECONOMICS_FLAGS_H_
#define SIM_COMMANDS_ECONOMICS_FLAGS_H_

#include <CLI/CLI.hpp>

#include "sim/economics/options.h"

namespace fleetsim {

void AddEconomicsFlags(CLI::App& command, EconomicsOptions& options);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_ECONOMICS_FLAGS_H_
