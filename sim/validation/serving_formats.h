// Number formats of a measured serving point.
#ifndef SIM_VALIDATION_SERVING_FORMATS_H_
#define SIM_VALIDATION_SERVING_FORMATS_H_

#include <string>
#include <vector>

#include "sim/hardware/accelerator.h"
#include "sim/inputs/serving_cases_reader.h"
#include "sim/model/architecture.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

// From the formats that the source names, else from bits and notes. Unimplemented: bits that no
// format of the simulator has.
absl::StatusOr<ServingPrecision> FormatsOf(const ServingCase& point, const Architecture& model,
                                           const Accelerator& accelerator,
                                           std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SERVING_FORMATS_H_
