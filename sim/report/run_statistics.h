// The run with its interruptions, for the report.
#ifndef SIM_REPORT_RUN_STATISTICS_H_
#define SIM_REPORT_RUN_STATISTICS_H_

#include <optional>
#include <vector>

#include "proto/report.pb.h"
#include "sim/reliability/monte_carlo.h"
#include "sim/reliability/resolve_run.h"

namespace fleetsim {

// What a second of the job's hardware costs.
struct RunRates {
  std::optional<Watts> power;  // of the facility
  std::optional<double> carbon_g_per_s;
  std::optional<UsdPerSecond> cost;  // owned or rented, as asked for
};

struct InterruptedRun {
  ResolvedRun resolved;
  std::vector<RunSample> samples;
  int first_seed = 1;
  RunRates computing, standing;        // the accelerators work on steps; they idle
  double model_flops_utilization = 0;  // of a step
  int accelerators = 0;
};

proto::RunStatistics BuildRunStatistics(const InterruptedRun& run);

}  // namespace fleetsim

#endif  // SIM_REPORT_RUN_STATISTICS_H_
