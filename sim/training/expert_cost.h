// Worker-local work of a layer of experts beside its matrix products.
#ifndef SIM_TRAINING_EXPERT_COST_H_
#define SIM_TRAINING_EXPERT_COST_H_

#include "sim/model/operators.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Blocks of a layer that add up partial sums over the tensor ranks: attention and feed-forward; of
// experts only the shared ones, the routed ones work on slices of the sequence.
double TensorReducedBlocks(const TrainingSpec& spec, int layer);

// Where experts are cut over tensor ranks: gathering the ranks' copies of tokens and scattering the
// results. The same in each pass; zero for layers without experts.
Communication ExpertTensorTime(const TrainingSpec& spec, const WorkerHardware& hardware,
                               const LayerOperators& operators);

// Kernels that sort copies of tokens by expert and put the results back.
Seconds PermutationTime(const TrainingSpec& spec, const WorkerHardware& hardware,
                        const LayerOperators& operators, bool backward);

}  // namespace fleetsim

#endif  // SIM_TRAINING_EXPERT_COST_H_
