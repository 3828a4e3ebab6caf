#include "sim/training/spec.h"

namespace fleetsim {

void CompleteRecipe(TrainingSpec& spec) {
  PrecisionRecipe& recipe = spec.recipe;
  if (!IsNarrow(spec.precision)) {
    recipe = PrecisionRecipe();
    return;
  }
  if (recipe.scaling == Scaling::kNone) {
    recipe.scaling = spec.precision == DataType::kFp8   ? spec.stack->narrow.fp8_scaling
                     : spec.precision == DataType::kFp4 ? Scaling::kNv
                                                        : Scaling::kRow;
  }
  if (!recipe.narrow_parameters) {
    recipe.narrow_parameters =
        spec.precision == DataType::kFp8 && spec.stack->narrow.fp8_parameters;
  }
}

}  // namespace fleetsim
