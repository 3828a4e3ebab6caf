// What it costs to keep optimizer states or activations in host memory.
#ifndef SIM_TRAINING_OFFLOAD_H_
#define SIM_TRAINING_OFFLOAD_H_

#include "sim/program/program.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Activations leave beside the layer's forward pass and come back beside its backward pass; what
// takes longer than the pass is waited for.
void AddOffload(const TrainingSpec& spec, const WorkerHardware& hardware, int layer, Work& forward,
                Work& backward);

// The host's update of `parameters` (Ren et al. 2021, ZeRO-Offload, arXiv 2101.06840, section 4):
// gradients to the host, states read and written in its memory, weights back, one after the other.
void AddHostOptimizer(const TrainingSpec& spec, const WorkerHardware& hardware, double parameters,
                      Work& optimizer);

}  // namespace fleetsim

#endif  // SIM_TRAINING_OFFLOAD_H_
