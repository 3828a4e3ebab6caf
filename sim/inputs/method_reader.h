// How a job runs in parallel beyond its degrees: schedule, sharding, context method, offload.
#ifndef SIM_INPUTS_METHOD_READER_H_
#define SIM_INPUTS_METHOD_READER_H_

#include "sim/inputs/field_check.h"
#include "sim/model/job.h"

namespace fleetsim {

namespace proto {
class Parallelism;
}  // namespace proto

void ReadMethods(const proto::Parallelism& entry, ParallelismRequest& request);

// Against each other and the model; `check` is of the parallelism message.
absl::Status CheckMethods(const FieldCheck& check, const PretrainJob& job,
                          const ParallelismRequest& request);

}  // namespace fleetsim

#endif  // SIM_INPUTS_METHOD_READER_H_
