// ZB-V (Qi et al. 2023, arXiv 2401.10241, section 6): every pipeline rank holds two model chunks,
// the second ones dealt out backwards, so that the first rank has both ends of the model and each
// micro-batch's backward pass starts on the rank that its forward pass ends on.
#ifndef SIM_PARALLEL_ZERO_BUBBLE_V_H_
#define SIM_PARALLEL_ZERO_BUBBLE_V_H_

#include <vector>

#include "sim/parallel/schedule.h"

namespace fleetsim {

// Passes of pipeline rank `rank`, as PyTorch orders them (ScheduleZBVZeroBubble in
// torch/distributed/pipelining/schedules.py). Of fewer than 2 p - 1 micro-batches the order is that
// of 2 p - 1 without those that are not there. Where forward pass, input and weight gradient take
// equally long, no rank waits between its first pass and its last. Held at once: the activations of
// p micro-batches, as under 1F1B.
std::vector<Pass> ZeroBubbleVOrder(int rank, int pipeline, int micro_batches);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_ZERO_BUBBLE_V_H_
