#include "sim/inference/serving_outcome.h"

#include <utility>

#include "sim/inference/serving_run.h"

namespace fleetsim {

absl::StatusOr<ServingOutcome> RunServingJob(const ServingJob& job, const Fleet& fleet,
                                             const Catalog& catalog,
                                             const EconomicsOptions& options, Network& network) {
  ServingOutcome outcome;
  ASSIGN_OR_RETURN(outcome.plan, PlanServing(job, fleet, catalog));
  ASSIGN_OR_RETURN(const ServingRecord record, SimulateServing(job, outcome.plan, network));
  outcome.summary = Summarise(record, job, outcome.plan.frontend);
  outcome.uses = UseOfPools(outcome.plan, record);
  outcome.limits = LimitsOf(outcome.plan, outcome.uses);
  outcome.duration = record.end;
  outcome.transfers = static_cast<double>(record.transfers);
  outcome.transferred = record.transferred;
  ASSIGN_OR_RETURN(outcome.charges,
                   ChargeServing(outcome.plan, outcome.uses, record.end, fleet, catalog, options));
  return outcome;
}

}  // namespace fleetsim
