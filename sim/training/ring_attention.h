// Attention over a sequence that is divided among context-parallel ranks: keys and values travel
// round a ring while each rank attends to the block it holds (Liu et al. 2023, arXiv 2310.01889),
// with the causal order balanced by giving rank r the slices r and 2c-1-r of 2c, as Transformer
// Engine does (pytorch/attention, context_parallel.py, class AttnFuncWithCPAndKVP2P).
#ifndef SIM_TRAINING_RING_ATTENTION_H_
#define SIM_TRAINING_RING_ATTENTION_H_

#include "sim/training/spec.h"

namespace fleetsim {

struct RingPass {
  Seconds attention;  // kernels of all blocks
  Seconds memory;     // merging the blocks' results
  Seconds exposed;    // exchanges beyond the attention they run beside
  Seconds hidden;     // exchanges beside attention
  Bytes nic_bytes;    // that the worker sends to other hosts
};

// One pass of one layer on one rank. `core` is the attention core that ForwardOperators() gives for
// the rank: its queries, and the keys they meet on average.
RingPass RingForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                     const AttentionShape& core);
RingPass RingBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                      const AttentionShape& core);

}  // namespace fleetsim

#endif  // SIM_TRAINING_RING_ATTENTION_H_
