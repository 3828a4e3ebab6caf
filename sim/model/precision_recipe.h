// What of a training step runs in the job's narrow number format; meaning as in
// proto/workload.proto.
#ifndef SIM_MODEL_PRECISION_RECIPE_H_
#define SIM_MODEL_PRECISION_RECIPE_H_

#include <optional>

#include "sim/base/dtype.h"

namespace fleetsim {

// Of no meaning where the job's precision has 16 bits or more.
struct PrecisionRecipe {
  Scaling scaling = Scaling::kNone;  // none: the stack's
  // Layers at either end whose products stay in 16 bits.
  int first_wide_layers = 0, last_wide_layers = 0;
  bool narrow_attention = false;          // the attention core too
  std::optional<bool> narrow_parameters;  // kept and gathered in the narrow format; absent: stack's
};

}  // namespace fleetsim

#endif  // SIM_MODEL_PRECISION_RECIPE_H_
