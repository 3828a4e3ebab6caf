// What hosts that are slower than the others of their kind cost a step.
#ifndef SIM_TRAINING_SLOW_HOSTS_H_
#define SIM_TRAINING_SLOW_HOSTS_H_

#include "sim/engine/simulation.h"
#include "sim/hardware/fleet.h"
#include "sim/training/lowering.h"
#include "sim/training/result.h"

namespace fleetsim {

// By kind: the fastest one with the same accelerator, all else alike.
std::vector<int> NominalKinds(const WorkerKinds& kinds);

// All workers of their nominal kind; kinds that nobody is of any more are left out.
WorkerKinds WithNominalKinds(const WorkerKinds& kinds);

// The hosts that the step's end waited for, by the record of its program. `nominal` is the duration
// of the same step with every host at nominal speed: what it is longer is shared out by how much
// each host held up the end.
std::vector<SlowHost> SlowHostsOf(const Program& program, const ProgramRecord& record,
                                  const Fleet& fleet, Seconds nominal);

}  // namespace fleetsim

#endif  // SIM_TRAINING_SLOW_HOSTS_H_
