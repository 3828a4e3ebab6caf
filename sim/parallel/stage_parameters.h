// Which parameters a pipeline stage's ranks hold.
#ifndef SIM_PARALLEL_STAGE_PARAMETERS_H_
#define SIM_PARALLEL_STAGE_PARAMETERS_H_

#include "sim/model/architecture.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

// On one tensor-parallel rank; the vocabulary is padded as frameworks store it.
double EmbeddingParametersOnRank(const Architecture& model, const Strategy& strategy);

// Final norm and vocabulary matrix; only the norm where the matrix is the embedding's and on the
// same rank. A tied matrix on another stage than the embedding is a copy.
double HeadParametersOnRank(const Architecture& model, const Strategy& strategy);

// All that one rank of pipeline stage `stage` holds.
double StageParametersOnRank(const Architecture& model, const Strategy& strategy, int stage);

// The matrix whose gradients first and last stage add up; zero where there is none.
double TiedParametersAcrossStages(const Architecture& model, const Strategy& strategy);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_STAGE_PARAMETERS_H_
