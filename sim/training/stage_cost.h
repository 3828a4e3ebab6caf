// What a pipeline stage does in a step, as pieces of work: its model chunks' passes and the
// optimizer.
#ifndef SIM_TRAINING_STAGE_COST_H_
#define SIM_TRAINING_STAGE_COST_H_

#include <map>
#include <tuple>
#include <vector>

#include "sim/model/architecture.h"
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

// Passes of one layer, `backward` without `weight_gradients` where the schedule splits it.
struct LayerPasses {
  Work forward, backward;
  HeldParameters trained, weight_bytes;
  ExpertExchanges forward_exchanges, backward_exchanges;
  Work weight_gradients;
};

// Layers that cost the same: by kind, which further-token module if any, whether the products are
// wide where the job's precision is narrow, and whether gradients get there.
using LayerCosts = std::map<std::tuple<LayerKind, int, bool, bool>, LayerPasses>;

// Chunk `chunk` of the model (Strategy::ChunkOf), in at most `pieces` pieces. `known_layers`, if
// given, keeps what layers cost from call to call: for specs that differ in how layers are dealt
// out alone.
ChunkCost CostOfChunk(const TrainingSpec& spec, const WorkerHardware& hardware, int chunk,
                      int pieces, LayerCosts* known_layers = nullptr);

// Gradient norm, clipping and parameter update on one rank that trains `parameters`.
Work OptimizerStep(const TrainingSpec& spec, const WorkerHardware& hardware,
                   const HeldParameters& parameters);

}  // namespace fleetsim

#endif  // SIM_TRAINING_STAGE_COST_H_
