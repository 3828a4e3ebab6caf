// Prompts first, in steps of their own, as in vLLM V0's default scheduler and SGLang without mixed
// chunks: time to first token is short, and running sequences wait.
#include "sim/serving/batching.h"

namespace fleetsim {

void FillPrefillFirst(Rank& rank, RankStep& step) {
  rank.JoinReady(step);
  int budget = rank.ContinuePrompts(step, rank.options().token_budget);
  if (rank.lists().swapped.empty()) rank.AdmitPrompts(step, budget);
  if (step.load.prefill.empty()) rank.Decode(step);
}

}  // namespace fleetsim
