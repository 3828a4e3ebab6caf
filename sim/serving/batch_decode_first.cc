// Continuous batching as in vLLM V1's scheduler and Sarathi-Serve (Agrawal et al. 2024, algorithm
// 3): every running sequence decodes, prompts get what is left of the step's token budget.
#include "sim/serving/batching.h"

namespace fleetsim {

void FillDecodeFirst(Rank& rank, RankStep& step) {
  rank.JoinReady(step);
  rank.Decode(step);
  int budget = rank.options().token_budget - step.load.decodes;
  budget = rank.ContinuePrompts(step, budget);
  // Whoever had to give up blocks comes back before anybody new enters.
  if (!step.preempted && rank.lists().swapped.empty()) rank.AdmitPrompts(step, budget);
}

}  // namespace fleetsim
