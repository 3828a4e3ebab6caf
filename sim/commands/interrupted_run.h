// A job's run with its interruptions: from the request to samples and what they cost.
#ifndef SIM_COMMANDS_INTERRUPTED_RUN_H_
#define SIM_COMMANDS_INTERRUPTED_RUN_H_

#include <optional>

#include "sim/base/status.h"
#include "sim/economics/economics.h"
#include "sim/model/job.h"
#include "sim/report/run_statistics.h"
#include "sim/training/spec.h"

namespace fleetsim {

// --seeds and --seed.
struct SeedFlags {
  std::optional<int> seeds;  // absent: the job's
  int first = 1;
};

// Empty where the job says nothing of reliability and no seeds are asked for, or states no tokens.
// `input` is the run's economics without interruptions; on return they are the mean run's, with
// `mean_step` to point to.
absl::StatusOr<std::optional<InterruptedRun>> SimulateInterruptions(
    const Job& job, const TrainingSpec& spec, const SeedFlags& seeds,
    const EconomicsOptions& options, EconomicsInput& input, StepResult& mean_step);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_INTERRUPTED_RUN_H_
