// Pipeline schedules: in which order a pipeline rank runs the forward and backward passes of its
// model chunks.
#ifndef SIM_PARALLEL_SCHEDULE_H_
#define SIM_PARALLEL_SCHEDULE_H_

#include <vector>

#include "sim/parallel/strategy.h"

namespace fleetsim {

// What a backward pass computes: everything, or one of the two parts that a zero-bubble schedule
// tells apart: the gradients that the stage before waits for, and those of the weights.
enum class Gradients { kAll, kInput, kWeight };

// One pass of one micro-batch through one of the rank's model chunks.
struct Pass {
  bool backward = false;
  int virtual_stage = 0;
  int micro_batch = 0;
  Gradients gradients = Gradients::kAll;  // of a backward pass

  // The micro-batch's activations are not needed after it.
  bool Releases() const { return backward && gradients != Gradients::kInput; }
};

// The order of passes on pipeline rank `stage`: 1F1B for one chunk a rank (Narayanan et al. 2019,
// PipeDream-flush), the interleaved schedule for several (Narayanan et al. 2021, section 2.2.2),
// where the last group of micro-batches may be smaller than the pipeline.
std::vector<Pass> PipelineOrder(int stage, int pipeline, int virtual_stages, int micro_batches);

// The order of passes on pipeline rank `stage` under the strategy's schedule.
//  kOneForwardOneBackward  as above;
//  kGpipe  all forward passes, then all backward passes (Huang et al. 2018, arXiv 1811.06965);
//  kZeroBubbleH1  1F1B with the weight gradients of stage s held back by s micro-batches, so that
//  they fill the gaps at the end (Qi et al. 2023, arXiv 2401.10241, section 2.2): activations of as
//  many micro-batches as there are stages on every rank, bubble (p - 1) (F + B - W);
//  kZeroBubbleV  see zero_bubble_v.h.
std::vector<Pass> PipelineOrder(const Strategy& strategy, int stage);

// Forward passes that are done but not yet taken back when the most are, over the whole order:
// the micro-batches x chunks whose activations the rank holds at its peak.
int PeakInFlight(const std::vector<Pass>& order);

// Transformer layers of each of `chunks` model chunks, as even as possible. What does not divide is
// taken from the first and last chunks, which also hold the embedding and the loss head.
std::vector<int> EvenChunks(int layers, int chunks);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_SCHEDULE_H_
