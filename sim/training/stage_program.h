// The op list of one pipeline stage.
#ifndef SIM_TRAINING_STAGE_PROGRAM_H_
#define SIM_TRAINING_STAGE_PROGRAM_H_

#include "sim/program/program.h"
#include "sim/training/lowering.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Ops of stage `stage` on `hardware`, for a job of `replicas`; works and collectives are appended
// to `program`.
OpList StageOps(const TrainingSpec& spec, const WorkerHardware& hardware, int stage, int replicas,
                const NetworkTimes* folded, Program& program);

}  // namespace fleetsim

#endif  // SIM_TRAINING_STAGE_PROGRAM_H_
