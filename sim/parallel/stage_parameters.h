// Which parameters a pipeline stage's ranks hold.
#ifndef SIM_PARALLEL_STAGE_PARAMETERS_H_
#define SIM_PARALLEL_STAGE_PARAMETERS_H_

#include "sim/model/architecture.h"
#include "sim/model/trainable.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

// On one tensor-parallel rank; the vocabulary is padded as frameworks store it.
double EmbeddingParametersOnRank(const Architecture& model, const Strategy& strategy);

// Final norm and vocabulary matrix; only the norm where the matrix is the embedding's and on the
// same rank. A tied matrix on another stage than the embedding is a copy.
double HeadParametersOnRank(const Architecture& model, const Strategy& strategy);

// All that one rank of pipeline stage `stage` holds.
double StageParametersOnRank(const Architecture& model, const Strategy& strategy, int stage);

// Of them, those that are trained.
double StageTrainableOnRank(const Architecture& model, const Trainable& trainable,
                            const Strategy& strategy, int stage);

// Bytes of weights: what is trained with `training_bytes` a parameter, frozen matrices of layers as
// they are stored, the rest in 16 bits.
double LayerWeightBytesOnRank(const Architecture& model, const Trainable& trainable, int layer,
                              const Strategy& strategy, double training_bytes);
double StageWeightBytesOnRank(const Architecture& model, const Trainable& trainable,
                              const Strategy& strategy, int stage, double training_bytes);

// The matrix whose gradients first and last stage add up; zero where there is none.
double TiedParametersAcrossStages(const Architecture& model, const Strategy& strategy);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_STAGE_PARAMETERS_H_
