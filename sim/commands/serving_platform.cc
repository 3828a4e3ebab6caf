#include "sim/commands/serving_platform.h"

#include <memory>

#include "proto/report.pb.h"
#include "sim/engine/network.h"
#include "sim/inference/serving_outcome.h"
#include "sim/report/serving_report.h"

namespace fleetsim {

absl::StatusOr<std::string> RunServingJobs(const Workload& workload, const Catalog& catalog,
                                           const EconomicsOptions& economics, const Fleet& fleet) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Network> network, Network::Load(fleet));
  proto::Report report;
  for (const Job& job : workload.jobs) {
    if (!job.serving) continue;
    const absl::StatusOr<ServingOutcome> outcome =
        RunServingJob(*job.serving, fleet, catalog, economics, *network);
    *report.add_results() = outcome.ok()
                                ? BuildServingResult(job, fleet, *outcome, economics.rented)
                                : BuildServingFailure(job, fleet, outcome.status());
  }
  return report.SerializeAsString();
}

}  // namespace fleetsim
