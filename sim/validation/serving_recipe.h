// Settings of published serving recipes that a measured point's own columns leave out.
#ifndef SIM_VALIDATION_SERVING_RECIPE_H_
#define SIM_VALIDATION_SERVING_RECIPE_H_

#include "sim/inputs/serving_cases_reader.h"

namespace fleetsim {

struct ServingRecipe {
  const char* name;   // of the recipe, as the row's source names it
  int max_sequences;  // of one attention replica; 0: the engine's default
  int token_budget;   // the same
  bool full_graphs;   // steps of decodes run from one recorded graph, attention included
  int draft_tokens;   // of speculative decoding, with the tokens a step yields; 0: not stated
  double accepted_tokens;
};

// Null: the row names none.
const ServingRecipe* RecipeOf(const ServingCase& point);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SERVING_RECIPE_H_
