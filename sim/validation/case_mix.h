// Hosts of a job that runs on accelerators of several kinds.
#ifndef SIM_VALIDATION_CASE_MIX_H_
#define SIM_VALIDATION_CASE_MIX_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/inputs/cases_reader.h"

namespace fleetsim {

// "mix RTX 3090 + RTX 2080".
bool NamesMixedAccelerators(const MeasuredCase& measured);

// Accelerator of each host in the order of the job's ranks, from "stages: RTX-3090/RTX-2080 |
// Titan-RTX/RTX-2080": a host for each replica of each stage. Empty if not stated.
std::vector<std::string> StageAccelerators(const MeasuredCase& measured);

// One port of hosts with the accelerator, from "22.9 Gb/s (RTX 2080, Titan RTX), 0.93 Gb/s (RTX
// 3090)". Empty if not stated.
std::optional<double> PortOfKind(const MeasuredCase& measured, const std::string& accelerator);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_CASE_MIX_H_
