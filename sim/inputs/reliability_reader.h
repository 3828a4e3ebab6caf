// The reliability part of a job.
#ifndef SIM_INPUTS_RELIABILITY_READER_H_
#define SIM_INPUTS_RELIABILITY_READER_H_

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/reliability.h"

namespace fleetsim {

namespace proto {
class Reliability;
}

// `check` stands at the Reliability message. Errors: numbers out of range, a pause of a checkpoint
// that blocks anyway.
absl::StatusOr<ReliabilityRequest> ReadReliability(const FieldCheck& check,
                                                   const proto::Reliability& entry);

}  // namespace fleetsim

#endif  // SIM_INPUTS_RELIABILITY_READER_H_
