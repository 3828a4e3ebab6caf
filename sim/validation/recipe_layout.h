// Layouts that a measured row leaves to the recipe it ran.
#ifndef SIM_VALIDATION_RECIPE_LAYOUT_H_
#define SIM_VALIDATION_RECIPE_LAYOUT_H_

#include <string>
#include <vector>

#include "sim/inputs/cases_reader.h"

namespace fleetsim {

// `measured` with what its recipe has where the row of a model card states no degree or
// micro-batch; `rules` says which. Other rows as they are.
MeasuredCase CompletedByRecipe(const MeasuredCase& measured, std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_RECIPE_LAYOUT_H_
