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

struct FixedBatchLoad {
  int batch = 1;  // requests of each attention rank
  int input_tokens = 1, output_tokens = 1;
  int attention_ranks = 1;
  int pipeline_stages = 1;
};

// A pipeline works on as many parts of the batch as it has stages, all under way at once: the
// batch takes what one part does.
FixedBatchCost RunFixedBatch(const StepModel& model, const FixedBatchLoad& load);

}  // namespace fleetsim

#endif  // SIM_SERVING_FIXED_BATCH_H_
