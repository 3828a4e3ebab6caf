// Number formats of a serving job.
#ifndef SIM_INPUTS_SERVING_PRECISION_READER_H_
#define SIM_INPUTS_SERVING_PRECISION_READER_H_

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

namespace proto {
class ServingPrecision;
}  // namespace proto

// `check` stands at the message. Errors: weights and activations that no kernel multiplies, formats
// of experts for a model without.
absl::StatusOr<ServingPrecision> ReadServingPrecision(const FieldCheck& check,
                                                      const proto::ServingPrecision& entry,
                                                      const Architecture& model);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVING_PRECISION_READER_H_
