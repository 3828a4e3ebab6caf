// Time of the attention core of one layer on one rank: flash kernels, the exchanges of context
// parallelism beside them, or the batched products of stacks that store the scores.
#ifndef SIM_TRAINING_ATTENTION_COST_H_
#define SIM_TRAINING_ATTENTION_COST_H_

#include "sim/training/spec.h"

namespace fleetsim {

// By what the kernels do.
struct PassKernels {
  Seconds matrix, attention, memory;
  Seconds exposed, hidden;  // communication that attention does not hide, and that it does
  Bytes nic_bytes;          // of that, what the worker sends to other hosts
};

// `core` is the attention core that ForwardOperators() gives for the rank.
PassKernels AttentionForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                             AttentionShape core);
PassKernels AttentionBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                              AttentionShape core);

// `kernels` equal streaming kernels that move `bytes` together.
Seconds Stream(const WorkerHardware& hardware, double bytes, double kernels);

}  // namespace fleetsim

#endif  // SIM_TRAINING_ATTENTION_COST_H_
