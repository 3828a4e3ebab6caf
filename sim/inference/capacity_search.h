// How much traffic a deployment takes within its objectives, by bisection over simulations.
#ifndef SIM_INFERENCE_CAPACITY_SEARCH_H_
#define SIM_INFERENCE_CAPACITY_SEARCH_H_

#include <optional>
#include <vector>

#include "sim/base/status.h"
#include "sim/inference/serving_outcome.h"

namespace fleetsim {

class Network;

// One simulation of a search.
struct CapacityProbe {
  double rate = 0;  // requests a second
  int instances = 0;
  ServingOutcome outcome;
};

struct CapacityResult {
  std::optional<std::size_t> best;    // index into `probes`; absent: none meets the objectives
  std::vector<CapacityProbe> probes;  // by rising rate and instances
};

// Everything that a search needs beside the job.
struct CapacityInputs {
  const Fleet& fleet;
  const Catalog& catalog;
  const EconomicsOptions& economics;
  Network& network;
  double precision = 1.02;  // of the highest rate: what more does not meet the objectives
};

// The highest rate that meets the objectives, to `precision`. Rates are those
// of the job's arrivals, or of its trace played faster or slower. `curve_points`: further rates
// between zero and a little above the highest one. Errors: traffic without a rate.
absl::StatusOr<CapacityResult> FindHighestRate(const ServingJob& job, const CapacityInputs& inputs,
                                               int curve_points);

// The fewest instances that meet the objectives at `rate`. Errors: a job of several pools.
absl::StatusOr<CapacityResult> FindFewestInstances(const ServingJob& job, double rate,
                                                   const CapacityInputs& inputs);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_CAPACITY_SEARCH_H_
