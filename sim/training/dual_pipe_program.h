// The op list of one pipeline rank under DualPipe (sim/parallel/dual_pipe.h).
#ifndef SIM_TRAINING_DUAL_PIPE_PROGRAM_H_
#define SIM_TRAINING_DUAL_PIPE_PROGRAM_H_

#include "sim/program/program.h"
#include "sim/training/lowering.h"
#include "sim/training/spec.h"

namespace fleetsim {

// As StageOps. In a pair of passes the exchanges of tokens of both run beside the products of both,
// which leave the exchange's kernels their processors; passes alone exchange with nothing beside
// it. Gradients are reduced, and parameters gathered, after the last pass.
OpList DualPipeOps(const TrainingSpec& spec, const WorkerHardware& hardware, int stage,
                   int replicas, const NetworkTimes* folded, Program& program);

}  // namespace fleetsim

#endif  // SIM_TRAINING_DUAL_PIPE_PROGRAM_H_
