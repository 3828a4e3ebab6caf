// Attention over a sequence divided among context ranks, other than by a ring: DeepSpeed-Ulysses,
// which turns the division of the sequence into one of the heads (Jacobs et al. 2023, arXiv
// 2309.14509, section 3), and gathering keys and values, as Llama 3 was trained (arXiv 2407.21783,
// section 3.3.2). Nothing hides their collectives.
#ifndef SIM_TRAINING_CONTEXT_METHODS_H_
#define SIM_TRAINING_CONTEXT_METHODS_H_

#include "sim/training/attention_cost.h"

namespace fleetsim {

// `core` as for the ring: the rank's queries, and the keys they meet on average.
PassKernels UlyssesForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const AttentionShape& core);
PassKernels UlyssesBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& core);
PassKernels GatheredForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& core);
PassKernels GatheredBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                             const AttentionShape& core);

}  // namespace fleetsim

#endif  // SIM_TRAINING_CONTEXT_METHODS_H_
