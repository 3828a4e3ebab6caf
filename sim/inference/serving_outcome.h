// Everything that a serving job's simulation on one platform gives.
#ifndef SIM_INFERENCE_SERVING_OUTCOME_H_
#define SIM_INFERENCE_SERVING_OUTCOME_H_

#include <vector>

#include "sim/inference/pool_use.h"
#include "sim/inference/serving_charges.h"
#include "sim/inference/serving_plan.h"
#include "sim/inference/serving_summary.h"

namespace fleetsim {

class Network;

struct ServingOutcome {
  ServingPlan plan;
  ServingSummary summary;
  std::vector<PoolUse> uses;  // of the plan's pools
  ServingLimits limits;
  ServingCharges charges;
  Seconds duration;  // first arrival's clock to the last request's end
  double transfers = 0;
  Bytes transferred;
};

// Plans, simulates, sums up. Runs can follow each other on one network.
absl::StatusOr<ServingOutcome> RunServingJob(const ServingJob& job, const Fleet& fleet,
                                             const Catalog& catalog,
                                             const EconomicsOptions& options, Network& network);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_SERVING_OUTCOME_H_
