// What `fleetsim capacity` answers, as protobuf, text, CSV and a plot.
#ifndef SIM_REPORT_CAPACITY_REPORT_H_
#define SIM_REPORT_CAPACITY_REPORT_H_

#include <string>

#include "proto/capacity.pb.h"
#include "sim/base/status.h"
#include "sim/hardware/fleet.h"
#include "sim/inference/capacity_search.h"
#include "sim/model/job.h"
#include "sim/report/table.h"

namespace fleetsim {

proto::CapacityAnswer BuildCapacityAnswer(const Job& job, const Fleet& fleet,
                                          const std::string& precision,
                                          const absl::StatusOr<CapacityResult>& result,
                                          bool prefer_rented);

// Text and CSV: a row an answer. JSON: the proto.
absl::StatusOr<std::string> RenderCapacity(const proto::CapacityReport& report, TableFormat format);
// Throughput against latency: a row a simulation.
std::string CapacityCurveCsv(const proto::CapacityReport& report);
// For gnuplot: the same as a curve an answer, to the SVG at `path`.
std::string CapacityPlot(const proto::CapacityReport& report, const std::string& path);

}  // namespace fleetsim

#endif  // SIM_REPORT_CAPACITY_REPORT_H_
