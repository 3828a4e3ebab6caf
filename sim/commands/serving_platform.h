// The serving jobs of a workload on one platform.
#ifndef SIM_COMMANDS_SERVING_PLATFORM_H_
#define SIM_COMMANDS_SERVING_PLATFORM_H_

#include <string>

#include "sim/base/status.h"
#include "sim/economics/options.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/model/job.h"

namespace fleetsim {

// A serialized report of their results. Loads the platform: at most once in a process.
absl::StatusOr<std::string> RunServingJobs(const Workload& workload, const Catalog& catalog,
                                           const EconomicsOptions& economics, const Fleet& fleet);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_SERVING_PLATFORM_H_
