// Time of one transformer layer's passes for one micro-batch on one tensor-parallel rank: kernels
// from the kernel cost model, tensor-parallel collectives from the collective model, host time and
// elementwise traffic from the software stack.
#ifndef SIM_TRAINING_LAYER_COST_H_
#define SIM_TRAINING_LAYER_COST_H_

#include "sim/program/program.h"
#include "sim/training/spec.h"

namespace fleetsim {

// One forward pass. Counted as `part`: kForward, or kRecompute where the backward pass does it
// again.
Work LayerForward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer, Part part);

// One backward pass, what has to be recomputed for it included.
Work LayerBackward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer);

// The same in the two parts that a zero-bubble schedule tells apart: what the layer before waits
// for, and the gradients of the weights.
Work LayerInputGradient(const TrainingSpec& spec, const WorkerHardware& hardware, int layer);
Work LayerWeightGradient(const TrainingSpec& spec, const WorkerHardware& hardware, int layer);

// The loss head: product with the vocabulary matrix, softmax and cross-entropy.
Work HeadForward(const TrainingSpec& spec, const WorkerHardware& hardware);
Work HeadBackward(const TrainingSpec& spec, const WorkerHardware& hardware);
// What of it is the gradient of the vocabulary matrix.
Work HeadWeightGradient(const TrainingSpec& spec, const WorkerHardware& hardware);

// Token lookup, and the same backward.
Work EmbeddingPass(const TrainingSpec& spec, const WorkerHardware& hardware, Part part);

}  // namespace fleetsim

#endif  // SIM_TRAINING_LAYER_COST_H_
