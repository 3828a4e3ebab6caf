// A planned serving job, simulated.
#ifndef SIM_INFERENCE_SERVING_RUN_H_
#define SIM_INFERENCE_SERVING_RUN_H_

#include "sim/base/status.h"
#include "sim/inference/serving_plan.h"
#include "sim/serving/record.h"

namespace fleetsim {

class Network;

// Until every request has ended. Random failures of an instance are exponential, a sequence of
// their own each, so that they stay where they are when other things change. Errors: of the trace;
// failures of instances that there are not.
absl::StatusOr<ServingRecord> SimulateServing(const ServingJob& job, const ServingPlan& plan,
                                              Network& network);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_SERVING_RUN_H_
