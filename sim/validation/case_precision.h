// Number format of a measured configuration.
#ifndef SIM_VALIDATION_CASE_PRECISION_H_
#define SIM_VALIDATION_CASE_PRECISION_H_

#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/inputs/cases_reader.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Reads "bf16", "fp8 (current scaling)", "mxfp8", "nvfp4/fp8 mix" and the like into `spec`, whose
// stack and model are known. Where a source leaves open which of two formats ran, the narrower.
absl::Status SetPrecision(const MeasuredCase& measured, TrainingSpec& spec,
                          std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_CASE_PRECISION_H_
