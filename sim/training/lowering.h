// A training step as a Program: every pipeline stage of every replica a worker, its passes in
// schedule order, transfers between stages, data-parallel collectives and the optimizer.
#ifndef SIM_TRAINING_LOWERING_H_
#define SIM_TRAINING_LOWERING_H_

#include <functional>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/fleet.h"
#include "sim/parallel/placement.h"
#include "sim/program/program.h"
#include "sim/training/spec.h"

namespace fleetsim {

// The hardware of a leaf's hosts. Leaves with equal hardware compare equal by `kind`.
struct LeafHardware {
  int kind = 0;  // equal for leaves whose workers take equal time
  WorkerHardware hardware;
};

// All replicas, every transfer and collective left to the network.
Program LowerStep(const TrainingSpec& spec, const Placement& placement, const Fleet& fleet,
                  const std::vector<LeafHardware>& leaves);

}  // namespace fleetsim

#endif  // SIM_TRAINING_LOWERING_H_
