// Selective recomputation that names parts of a layer.
#ifndef SIM_TRAINING_RECOMPUTED_MODULES_H_
#define SIM_TRAINING_RECOMPUTED_MODULES_H_

#include "sim/program/program.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Forward work of the parts that spec.modules names, done again in the layer's backward pass.
Work RecomputedModules(const TrainingSpec& spec, const WorkerHardware& hardware, int layer);

// Launches of a layer's backward pass that the checkpoints of these parts add.
double CheckpointLaunches(const TrainingSpec& spec, int layer);

}  // namespace fleetsim

#endif  // SIM_TRAINING_RECOMPUTED_MODULES_H_
