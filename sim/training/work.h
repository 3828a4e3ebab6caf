// Adding up pieces of work.
#ifndef SIM_TRAINING_WORK_H_
#define SIM_TRAINING_WORK_H_

#include "sim/program/program.h"
#include "sim/training/rank_exchange.h"

namespace fleetsim {

// A sequence of worker-local pieces of work, summed.
void Append(Work& sum, const Work& piece);
// The same pieces, `factor` times as long.
Work Scaled(Work work, double factor);
// `time` of `activity`, counted as `part`.
void Add(Work& work, Part part, Activity activity, Seconds time);
// Tensor- or context-parallel communication that nothing hides.
void AddExposed(Work& work, const Communication& communication);

}  // namespace fleetsim

#endif  // SIM_TRAINING_WORK_H_
