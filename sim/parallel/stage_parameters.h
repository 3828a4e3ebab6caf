// Which parameters a pipeline stage's ranks hold.
#ifndef SIM_PARALLEL_STAGE_PARAMETERS_H_
#define SIM_PARALLEL_STAGE_PARAMETERS_H_

#include <vector>

#include "sim/model/architecture.h"
#include "sim/model/trainable.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

// On one tensor-parallel rank; the vocabulary is padded as frameworks store it.
double EmbeddingParametersOnRank(const Architecture& model, const Strategy& strategy);

// Final norm and vocabulary matrix; only the norm where the matrix is the embedding's and on the
// same rank. A tied matrix on another stage than the embedding is a copy.
double HeadParametersOnRank(const Architecture& model, const Strategy& strategy);

// Parameters on one rank, or their bytes, by whose replicas they have: the routed experts' are
// fewer.
struct HeldParameters {
  double shared = 0, experts = 0;
  double Total() const { return shared + experts; }
  HeldParameters& operator+=(const HeldParameters& other) {
    shared += other.shared;
    experts += other.experts;
    return *this;
  }
  HeldParameters operator*(double factor) const { return {shared * factor, experts * factor}; }
};

// Layers of a model chunk in order; further-token modules follow the last layer.
std::vector<int> LayersOfChunk(const Architecture& model, const Strategy& strategy, int chunk);

// Of one layer, or further-token module with the projection that joins its inputs.
HeldParameters HeldByLayer(const Architecture& model, const Strategy& strategy, int layer);

// All that one rank of pipeline stage `stage` holds, and the sum of it.
HeldParameters HeldByStage(const Architecture& model, const Strategy& strategy, int stage);
double StageParametersOnRank(const Architecture& model, const Strategy& strategy, int stage);

// Of them, those that are trained.
HeldParameters TrainedByLayer(const Architecture& model, const Trainable& trainable,
                              const Strategy& strategy, int layer);
HeldParameters TrainedByStage(const Architecture& model, const Trainable& trainable,
                              const Strategy& strategy, int stage);

// Bytes of a trained parameter: of layers, and of embedding and head, which are never narrow.
struct TrainingBytes {
  double layers = 0, ends = 0;
};

// Bytes of weights: trained ones as said, frozen matrices of layers as they are stored, the rest in
// 16 bits.
HeldParameters WeightBytesByLayer(const Architecture& model, const Trainable& trainable,
                                  const Strategy& strategy, int layer, double training_bytes);
HeldParameters WeightBytesByStage(const Architecture& model, const Trainable& trainable,
                                  const Strategy& strategy, int stage,
                                  const TrainingBytes& training);

// The matrix whose gradients first and last stage add up; zero where there is none.
double TiedParametersAcrossStages(const Architecture& model, const Strategy& strategy);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_STAGE_PARAMETERS_H_
