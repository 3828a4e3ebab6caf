// From a job as written to a step that can be simulated on a fleet.
#ifndef SIM_TRAINING_RESOLVE_H_
#define SIM_TRAINING_RESOLVE_H_

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/model/job.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Accelerators that workers of `tensor` accelerators each can use; the rest of a host stays idle.
int UsableAccelerators(const Fleet& fleet, int tensor);

// Ranks that share the optimizer states where a job does not say: the stack's number where it
// divides the replicas.
int DefaultOptimizerShards(const SoftwareStack& stack, int replicas);

// The job's model, precision and stack, without a strategy. `job` must outlive the result.
absl::StatusOr<TrainingSpec> SpecWithoutStrategy(const Job& job, const Catalog& catalog);

// Decides every degree the request leaves open. Errors name the workload's file and line: degrees
// that the fleet or the batch cannot be divided by, features that are not modelled.
absl::StatusOr<TrainingSpec> Resolve(const Job& job, const ParallelismRequest& request,
                                     const Fleet& fleet, const Catalog& catalog);

}  // namespace fleetsim

#endif  // SIM_TRAINING_RESOLVE_H_
