// Many runs of the same job that differ by chance only.
#ifndef SIM_RELIABILITY_MONTE_CARLO_H_
#define SIM_RELIABILITY_MONTE_CARLO_H_

#include <cstdint>
#include <vector>

#include "sim/base/status.h"
#include "sim/reliability/run_model.h"
#include "sim/reliability/simulate_run.h"

namespace fleetsim {

// Values below which 5, 50 and 95 % of the runs lie, linear between neighbours (Hyndman and Fan
// 1996, type 7), and their mean.
struct Quantiles {
  double p5 = 0, p50 = 0, p95 = 0, mean = 0;
};
Quantiles QuantilesOf(std::vector<double> values);

// Runs of the seeds first_seed, first_seed + 1, ...
absl::StatusOr<std::vector<RunSample>> SimulateRuns(const RunModel& model, int count,
                                                    std::uint64_t first_seed);

// The sums of the samples over their number.
struct MeanRun {
  Ladder ladder;
  std::vector<double> stops;  // by cause
  double planned_stops = 0;
};
MeanRun MeanOf(const std::vector<RunSample>& samples);

}  // namespace fleetsim

#endif  // SIM_RELIABILITY_MONTE_CARLO_H_
