// The report as JSON: the proto with its own field names.
#ifndef SIM_REPORT_REPORT_JSON_H_
#define SIM_REPORT_REPORT_JSON_H_

#include <string>

#include "proto/report.pb.h"
#include "sim/base/status.h"

namespace fleetsim {

// Numbers that are zero are printed; fields that are absent are not.
absl::StatusOr<std::string> ReportJson(const proto::Report& report);

}  // namespace fleetsim

#endif  // SIM_REPORT_REPORT_JSON_H_
