// The report as CSV.
#ifndef SIM_REPORT_REPORT_CSV_H_
#define SIM_REPORT_REPORT_CSV_H_

#include <string>

#include "proto/report.pb.h"

namespace fleetsim {

// One row a job and platform. Columns are all single fields of JobResult, those of messages in it
// by their path ("breakdown.forward_s"); lists are left to JSON. Absent is empty.
std::string ReportCsv(const proto::Report& report);

}  // namespace fleetsim

#endif  // SIM_REPORT_REPORT_CSV_H_
