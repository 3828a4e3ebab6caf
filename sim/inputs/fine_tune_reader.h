// What a fine-tuning job states beyond how its steps run.
#ifndef SIM_INPUTS_FINE_TUNE_READER_H_
#define SIM_INPUTS_FINE_TUNE_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/job.h"

namespace fleetsim {

namespace proto {
class FineTune;
}

// `check` is the message's; `job` has what its field `training` states. Samples of lengths are
// looked for beside the workload's file, then in the folder `lengths` beside `models_root`.
absl::StatusOr<FineTuning> ReadFineTuning(const FieldCheck& check, const std::string& path,
                                          const proto::FineTune& entry, const PretrainJob& job,
                                          const std::string& models_root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_FINE_TUNE_READER_H_
