// The number format of a job's matrix products and what of a step runs in it.
#ifndef SIM_INPUTS_PRECISION_READER_H_
#define SIM_INPUTS_PRECISION_READER_H_

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/precision_recipe.h"

namespace fleetsim {

namespace proto {
class PrecisionRecipe;
}

// Field `precision` of the message that `check` stands at, a value of proto::DataType.
absl::StatusOr<DataType> ReadPrecision(const FieldCheck& check, int precision);

// `check` stands at the recipe. Errors: scaling that the format does not go with, more wide layers
// than the model's `layers`, narrow attention or parameters in a format that they are not made in.
absl::StatusOr<PrecisionRecipe> ReadPrecisionRecipe(const FieldCheck& check,
                                                    const proto::PrecisionRecipe& entry,
                                                    DataType precision, int layers);

}  // namespace fleetsim

#endif  // SIM_INPUTS_PRECISION_READER_H_
