// The collectives of a program, each kind once.
#ifndef SIM_TRAINING_COLLECTIVE_SPECS_H_
#define SIM_TRAINING_COLLECTIVE_SPECS_H_

#include "sim/program/program.h"

namespace fleetsim {

// Index of `wanted` in Program::collectives, where it is put if it is not there. Equal collectives
// share one, so that all members of a group name the same.
int IndexOfSpec(const CollectiveSpec& wanted, Program& program);

}  // namespace fleetsim

#endif  // SIM_TRAINING_COLLECTIVE_SPECS_H_
