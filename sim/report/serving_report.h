// A serving job's outcome as the report has it.
#ifndef SIM_REPORT_SERVING_REPORT_H_
#define SIM_REPORT_SERVING_REPORT_H_

#include "proto/report.pb.h"
#include "sim/base/status.h"
#include "sim/hardware/fleet.h"
#include "sim/inference/serving_outcome.h"
#include "sim/model/job.h"

namespace fleetsim {

proto::JobResult BuildServingResult(const Job& job, const Fleet& fleet,
                                    const ServingOutcome& outcome, bool prefer_rented);
// A job that could not be simulated on this platform, and why.
proto::JobResult BuildServingFailure(const Job& job, const Fleet& fleet,
                                     const absl::Status& status);

}  // namespace fleetsim

#endif  // SIM_REPORT_SERVING_REPORT_H_
