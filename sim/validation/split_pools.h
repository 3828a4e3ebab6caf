// Prefill and decode workers of a measured split deployment.
#ifndef SIM_VALIDATION_SPLIT_POOLS_H_
#define SIM_VALIDATION_SPLIT_POOLS_H_

#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/inputs/serving_cases_reader.h"
#include "sim/model/architecture.h"
#include "sim/model/serving_job.h"
#include "sim/validation/translate.h"

namespace fleetsim {

// Two pools, and the router before them. Unimplemented: the row states no workers, or degrees that
// do not divide them.
absl::Status SetSplitPools(const ServingCase& point, ServingJob& job,
                           std::vector<std::string>& rules);

// Workers of both roles, each beginning on a host of its own where a host does not hold them all.
absl::StatusOr<FleetRequest> SplitFleetOf(const MeasuredCase& measured, const ServingJob& job,
                                          const Catalog& catalog, std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SPLIT_POOLS_H_
