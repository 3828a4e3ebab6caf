// DualPipe (DeepSeek-V3, arXiv 2412.19437, section 3.2.1): micro-batches enter a pipeline from both
// ends. Every rank holds two model chunks, its own and that of the rank at the mirrored place, and
// runs forward passes of one direction together with backward passes of the other, so that each
// hides the other's exchange of tokens with experts.
#ifndef SIM_PARALLEL_DUAL_PIPE_H_
#define SIM_PARALLEL_DUAL_PIPE_H_

#include <vector>

namespace fleetsim {

enum class DualWork {
  kForward,
  kBackward,       // both gradients
  kInputGradient,  // what the rank before waits for; the weights' follow later
  kWeightGradient,
};

struct DualPass {
  DualWork work = DualWork::kForward;
  // 0: through the chunk of the rank's own number, from the first rank to the last; 1: through the
  // mirrored chunk, the other way.
  int direction = 0;
  int micro_batch = 0;  // of this direction
  // A forward pass that runs together with the backward pass after it.
  bool paired = false;
};

// Whether there is an order for so many stages and micro-batches of both directions together: both
// even, and twice as many micro-batches as stages.
constexpr bool DualPipeServes(int pipeline, int micro_batches) {
  return pipeline % 2 == 0 && micro_batches % 2 == 0 && micro_batches >= 2 * pipeline;
}

// Passes of pipeline rank `rank`, as deepseek-ai/DualPipe (dualpipe.py) orders them. Held
// at once: the activations of pipeline + 1 micro-batches.
std::vector<DualPass> DualPipeOrder(int rank, int pipeline, int micro_batches);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_DUAL_PIPE_H_
