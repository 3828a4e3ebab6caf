// A fixed batch, as in offline runs and FasterTransformer: as many prompts as fit in one step,
// whatever its token budget, then decoding until the last of them has ended.
#include <limits>

#include "sim/serving/batching.h"

namespace fleetsim {

void FillStatic(Rank& rank, RankStep& step) {
  rank.JoinReady(step);
  rank.Decode(step);
  // A preempted sequence comes back when the batch has ended.
  if (step.load.decodes == 0) rank.AdmitPrompts(step, std::numeric_limits<int>::max());
}

}  // namespace fleetsim
