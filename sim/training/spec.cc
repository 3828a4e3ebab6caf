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
    // Shards can be cast before they are gathered where one scale serves the whole tensor.
    const bool per_tensor =
        recipe.scaling == Scaling::kTensor || recipe.scaling == Scaling::kTensorDelayed;
    recipe.narrow_parameters =
        spec.precision == DataType::kFp8 && per_tensor && spec.stack->narrow.fp8_parameters;
  }
}

}  // namespace fleetsim
