// Traffic of a serving job.
#ifndef SIM_INPUTS_TRAFFIC_READER_H_
#define SIM_INPUTS_TRAFFIC_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

namespace proto {
class Traffic;
}  // namespace proto

// `check` stands at the message of the workload `path`. A trace is looked for beside the workload,
// then as a path; whether its content is sound is not known here.
absl::StatusOr<TrafficRequest> ReadTraffic(const FieldCheck& check, const std::string& path,
                                           const proto::Traffic& entry,
                                           const std::string& models_root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_TRAFFIC_READER_H_
