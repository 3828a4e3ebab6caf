#include "sim/serving/fixed_batch.h"

#include <algorithm>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

// Time passes once for all parts of the batch, energy for each.
void Add(const StepCost& cost, double parts, StepCost& sum) {
  sum.duration += cost.duration;
  for (int i = 0; i < kStepParts; ++i) sum.parts[i] += cost.parts[i];
  sum.arithmetic += cost.arithmetic;
  sum.reading += cost.reading;
  sum.energy += cost.energy * parts;
}

}  // namespace

FixedBatchCost RunFixedBatch(const StepModel& model, const FixedBatchLoad& load) {
  FLEETSIM_CHECK(load.batch >= 1 && load.input_tokens >= 1 && load.output_tokens >= 1);
  FLEETSIM_CHECK(load.attention_ranks >= 1 && load.pipeline_stages >= 1);
  const int parts = std::min(load.pipeline_stages, load.batch);
  const int batch = (load.batch + parts - 1) / parts;
  const auto cost_of = [&](const StepLoad& step) {
    return model.Cost(std::vector<StepLoad>(load.attention_ranks, step));
  };
  FixedBatchCost cost;
  StepLoad prompts;
  prompts.prefill.assign(batch, {load.input_tokens, 0});
  prompts.begun = batch;
  Add(cost_of(prompts), parts, cost.prefill);
  const double yield = model.TokensPerDecode();
  for (double done = 1; done < load.output_tokens; done += yield) {
    StepLoad step;
    step.decodes = batch;
    step.decode_context = static_cast<std::int64_t>(batch * (load.input_tokens + done));
    // The last step may need only a part of what it yields: it counts in full.
    Add(cost_of(step), parts, cost.decode);
  }
  return cost;
}

}  // namespace fleetsim
