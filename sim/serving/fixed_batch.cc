#include "sim/serving/fixed_batch.h"

#include "sim/base/check.h"

namespace fleetsim {
namespace {

void Add(const StepCost& cost, double weight, StepCost& sum) {
  sum.duration += cost.duration * weight;
  for (int i = 0; i < kStepParts; ++i) sum.parts[i] += cost.parts[i] * weight;
  sum.arithmetic += cost.arithmetic * weight;
  sum.reading += cost.reading * weight;
  sum.energy += cost.energy * weight;
}

}  // namespace

FixedBatchCost RunFixedBatch(const StepModel& model, int batch, int input_tokens, int output_tokens,
                             int attention_ranks) {
  FLEETSIM_CHECK(batch >= 1 && input_tokens >= 1 && output_tokens >= 1 && attention_ranks >= 1);
  FixedBatchCost cost;
  StepLoad prompts;
  prompts.prefill.assign(batch, {input_tokens, 0});
  prompts.begun = batch;
  cost.prefill = model.Cost(std::vector<StepLoad>(attention_ranks, prompts));
  const double yield = model.TokensPerDecode();
  for (double done = 1; done < output_tokens; done += yield) {
    StepLoad step;
    step.decodes = batch;
    step.decode_context = static_cast<std::int64_t>(batch * (input_tokens + done));
    // The last step may need only a part of what it yields: it counts in full.
    Add(model.Cost(std::vector<StepLoad>(attention_ranks, step)), 1.0, cost.decode);
  }
  return cost;
}

}  // namespace fleetsim
