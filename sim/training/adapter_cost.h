// What fine-tuning adds to a layer's passes where not all of it is trained: the small products of
// low-rank adapters, and making 16-bit matrices of frozen ones that are stored in fewer bits.
#ifndef SIM_TRAINING_ADAPTER_COST_H_
#define SIM_TRAINING_ADAPTER_COST_H_

#include "sim/program/program.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Beside the base's own kernels, on one rank and for one micro-batch. Both may be nothing.
Work FrozenForward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer, Part part);
Work FrozenBackward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer);

// Kernels that the host launches for the layer's adapters in one pass.
double AdapterLaunches(const TrainingSpec& spec, int layer);

// Of the inputs of the layer's two column-parallel products, those that gradients of weights need.
int KeptColumnInputs(const TrainingSpec& spec, int layer);

}  // namespace fleetsim

#endif  // SIM_TRAINING_ADAPTER_COST_H_
