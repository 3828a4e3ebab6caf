// A serving job in the words of the report.
#ifndef SIM_REPORT_SERVING_SETUP_H_
#define SIM_REPORT_SERVING_SETUP_H_

#include <string>

#include "proto/report.pb.h"
#include "sim/model/job.h"

namespace fleetsim {

// Job, platform and setup, without what is known after planning alone.
proto::JobResult DescribeServing(const Job& job, const std::string& platform,
                                 const std::string& platform_file);
const char* RoleName(PoolRole role);

// "FP8 weights and activations, 16-bit cache".
std::string PrecisionText(const ServingPrecision& precision);

}  // namespace fleetsim

#endif  // SIM_REPORT_SERVING_SETUP_H_
