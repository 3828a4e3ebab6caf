// The report for people.
#ifndef SIM_REPORT_REPORT_TEXT_H_
#define SIM_REPORT_REPORT_TEXT_H_

#include <string>
#include <vector>

#include "proto/report.pb.h"

namespace fleetsim {

// For each job: one screen where it was simulated on one platform; side by side, with ratios to the
// first one, where there are several.
std::string ReportText(const proto::Report& report);

// The parts, shared by both forms.
std::string SetupText(const proto::JobResult& result);
// "8 x 16 x 128": tensor, pipeline, data; further degrees where they are not 1.
std::string StrategyText(const proto::Strategy& strategy);
// Assumptions with weak evidence, each once, the first `most`; then how many more there are.
std::string AssumptionsText(const std::vector<const proto::JobResult*>& results, int most);
// Failures and figures that could not be given.
std::string ReasonsText(const std::vector<const proto::JobResult*>& results);
std::string LimitsText(const proto::JobResult& result, int most);

// What slow hosts cost a step, and which they are; empty where there are none.
std::string SlowHostsText(const proto::JobResult& result);
// Duration and what interrupts the run, with one screen about it where that was simulated.
std::string RunText(const proto::JobResult& result);

std::string OnePlatformText(const proto::JobResult& result);
std::string ServingText(const proto::JobResult& result);  // the same for a serving job
std::string SideBySideText(const std::vector<const proto::JobResult*>& results);

}  // namespace fleetsim

#endif  // SIM_REPORT_REPORT_TEXT_H_
