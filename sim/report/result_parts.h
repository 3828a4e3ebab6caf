// Parts of a result that jobs of all kinds have.
#ifndef SIM_REPORT_RESULT_PARTS_H_
#define SIM_REPORT_RESULT_PARTS_H_

#include <vector>

#include "proto/report.pb.h"
#include "sim/base/status.h"
#include "sim/economics/economics.h"
#include "sim/training/result.h"

namespace fleetsim {

proto::Cost BuildCost(const CostParts& cost);
void AddAssumptions(const std::vector<Assumption>& assumptions, proto::JobResult& result);
void AddMissing(const std::vector<MissingFigure>& missing, proto::JobResult& result);
// Outcome and reason; the status is not OK.
void SetFailure(const absl::Status& status, proto::JobResult& result);

}  // namespace fleetsim

#endif  // SIM_REPORT_RESULT_PARTS_H_
