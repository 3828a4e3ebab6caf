// A batch of equal requests from first to last token with nothing else in the way: what offline
// benchmarks of fixed batches measure, and the reference of the event loop.
#ifndef SIM_SERVING_FIXED_BATCH_H_
#define SIM_SERVING_FIXED_BATCH_H_

#include "sim/serving/step.h"

namespace fleetsim {

struct FixedBatchCost {
  StepCost prefill;  // one step with all prompts, which yields the first tokens
  StepCost decode;   // all later steps together

  Seconds Total() const { return prefill.duration + decode.duration; }
};

// `batch` requests on each of `attention_ranks`.
FixedBatchCost RunFixedBatch(const StepModel& model, int batch, int input_tokens, int output_tokens,
                             int attention_ranks = 1);

}  // namespace fleetsim

#endif  // SIM_SERVING_FIXED_BATCH_H_
