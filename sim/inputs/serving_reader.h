// Serving jobs from workloads.
#ifndef SIM_INPUTS_SERVING_READER_H_
#define SIM_INPUTS_SERVING_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

namespace proto {
class Serve;
}  // namespace proto

// `check` stands at the Serve message of the workload `path`; the model has been looked up. Paths
// of traces and samples are meant as seen from the workload's folder. Everything that can be wrong
// without platform and catalog is an error with file, line and field.
absl::StatusOr<ServingJob> ReadServe(const FieldCheck& check, const std::string& path,
                                     const proto::Serve& entry, Architecture model,
                                     const std::string& models_root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVING_READER_H_
