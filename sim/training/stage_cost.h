// What a pipeline stage does in a step, as pieces of work: its model chunks' passes and the
// optimizer.
#ifndef SIM_TRAINING_STAGE_COST_H_
#define SIM_TRAINING_STAGE_COST_H_

#include <vector>

#include "sim/parallel/stage_parameters.h"
#include "sim/program/program.h"
#include "sim/training/expert_exchanges.h"
#include "sim/training/spec.h"

namespace fleetsim {

// One model chunk cut into pieces of whole layers, so that communication can start between them.
struct ChunkCost {
  std::vector<Work> forward;   // in forward order
  std::vector<Work> backward;  // backward[i] takes back forward[i]
  // Of piece i on one rank; embedding and head with their piece.
  std::vector<HeldParameters> trained;       // parameters
  std::vector<HeldParameters> weight_bytes;  // of all of them
  // Exchanges of tokens with the ranks that hold their experts, of piece i's passes.
  std::vector<ExpertExchanges> forward_exchanges, backward_exchanges;
  // Under a schedule that splits the backward pass: what `backward` is then without.
  std::vector<Work> weight_gradients;
};

// Chunk `chunk` of the model (Strategy::ChunkOf), in at most `pieces` pieces.
ChunkCost CostOfChunk(const TrainingSpec& spec, const WorkerHardware& hardware, int chunk,
                      int pieces);

// Gradient norm, clipping and parameter update on one rank that trains `parameters`.
Work OptimizerStep(const TrainingSpec& spec, const WorkerHardware& hardware,
                   const HeldParameters& parameters);

}  // namespace fleetsim

#endif  // SIM_TRAINING_STAGE_COST_H_
