// Workloads from files.
#ifndef SIM_INPUTS_WORKLOAD_READER_H_
#define SIM_INPUTS_WORKLOAD_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/model/job.h"

namespace fleetsim {

// Text or binary, told apart by content. Models are looked up in `models_root` by name, or read
// from a path, relative to the workload's folder or to the working folder. Everything that can be
// wrong without knowing platform and catalog is an error with file, line and field.
absl::StatusOr<Workload> ReadWorkload(const std::string& path, const std::string& models_root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_WORKLOAD_READER_H_
