// From a job's reliability request and its simulated step to a run in numbers.
#ifndef SIM_RELIABILITY_RESOLVE_RUN_H_
#define SIM_RELIABILITY_RESOLVE_RUN_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/model/reliability.h"
#include "sim/reliability/run_model.h"
#include "sim/training/result.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Taken, and said so, where no record was observed on the job's accelerator.
inline constexpr char kAssumedFailureRecord[] = "llama3-h100";

struct RunQuestion {
  const ReliabilityRequest* request = nullptr;
  const TrainingSpec* spec = nullptr;
  const StepResult* step = nullptr;
  const Fleet* fleet = nullptr;
  const Catalog* catalog = nullptr;
  double steps = 1;
};

struct ResolvedRun {
  RunModel model;
  std::string record;              // names of the catalog's records
  std::optional<int> spare_hosts;  // absent: a replacement is always at hand
  int spare_accelerators = 0;
  std::vector<Assumption> assumptions;
};

// Errors name the workload's line: an unknown record, spares of a kind that the job does not use.
absl::StatusOr<ResolvedRun> ResolveRun(const RunQuestion& question);

// Weights and optimizer states, once over all ranks, as the stack keeps them: what a run is
// restarted from.
Bytes CheckpointBytes(const TrainingSpec& spec);

}  // namespace fleetsim

#endif  // SIM_RELIABILITY_RESOLVE_RUN_H_
