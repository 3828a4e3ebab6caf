// Pools of instances and engine options of a serving job.
#ifndef SIM_INPUTS_SERVING_POOL_READER_H_
#define SIM_INPUTS_SERVING_POOL_READER_H_

#include <vector>

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

namespace proto {
class EngineOptions;
class Serve;
}  // namespace proto

// `check` stands at the message; fields that are given replace those of `options`.
absl::Status ReadEngineOptions(const FieldCheck& check, const proto::EngineOptions& entry,
                               EngineRequest& options);

// `check` stands at the Serve message. Errors: degrees that do not divide the model, roles that do
// not make a whole deployment, wrong options.
absl::StatusOr<std::vector<PoolRequest>> ReadPools(const FieldCheck& check,
                                                   const proto::Serve& entry,
                                                   const Architecture& model);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVING_POOL_READER_H_
