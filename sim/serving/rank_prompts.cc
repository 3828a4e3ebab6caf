// Prompts: admission and chunks.
#include <algorithm>

#include "sim/serving/rank.h"

namespace fleetsim {

int Rank::ContinuePrompts(RankStep& step, int budget) {
  std::size_t kept = 0;
  for (const int id : lists_.prompts) {
    budget = AddChunk(step, id, budget);
    const Sequence& sequence = sequences_[id];
    if (sequence.computed < sequence.target) lists_.prompts[kept++] = id;
  }
  lists_.prompts.resize(kept);
  return budget;
}

int Rank::AdmitPrompts(RankStep& step, int budget) {
  while (!lists_.waiting.empty() && budget > 0 && LaneRoom(step) > 0) {
    const int id = lists_.waiting.first();
    if (!TryAdmit(step, id, budget)) break;
    lists_.waiting.Pop();
    budget = AddChunk(step, id, budget);
    const Sequence& sequence = sequences_[id];
    if (sequence.computed < sequence.target) lists_.prompts.push_back(id);
  }
  return budget;
}

// Takes the blocks of the whole prompt, so that two prompts never wait for each other's.
bool Rank::TryAdmit(RankStep& step, int id, int budget) {
  Sequence& sequence = sequences_[id];
  const int cached = pool_.Share(sequence, sequence.target);
  const std::int64_t total = BlocksFor(sequence, sequence.target);
  const std::int64_t shared =
      static_cast<std::int64_t>(sequence.here.shared.size()) * sequence.here.entry_blocks;
  // Unsplit, a prompt that is longer than any budget is its step's only one.
  const bool in_budget =
      options_.chunked_prefill || step.load.prefill.empty() || sequence.target - cached <= budget;
  if (!in_budget || !HasRoom(total - shared)) {
    pool_.Unshare(sequence.here);
    return false;
  }
  pool_.Take(total - shared);
  sequence.here.blocks = total;
  sequence.state = SequenceState::kPrefilling;
  sequence.computed = cached;
  load_.pending_tokens -= cached;
  const int found = std::max(0, cached - sequence.reached);
  sequence.reached += found;
  sequence.cached_tokens += found;
  counts_.cached_tokens += found;
  Enter(id);
  if (!sequence.was_scheduled) {
    sequence.was_scheduled = true;
    sequence.scheduled = step.start;
    ++step.load.begun;
  }
  return true;
}

int Rank::AddChunk(RankStep& step, int id, int budget) {
  Sequence& sequence = sequences_[id];
  const int left = sequence.target - sequence.computed;
  const int tokens = options_.chunked_prefill ? std::min(budget, left) : left;
  if (tokens <= 0) return budget;
  step.load.prefill.push_back({tokens, sequence.computed});
  step.chunks.push_back(id);
  ++sequence.chunks_in_flight;
  CountChunk(sequence, tokens);
  pool_.Publish(sequence);
  if (sequence.computed == sequence.target) {
    step.prefilled.push_back(id);
    if (sequence.generated + 1 == sequence.request.output_tokens) ++step.load.ended;
  }
  return budget - tokens;
}

// Prompt tokens that no step or cache had before count once; all others are repeated work.
void Rank::CountChunk(Sequence& sequence, int tokens) {
  sequence.computed += tokens;
  load_.pending_tokens -= tokens;
  const int reach = std::min(sequence.computed, sequence.request.input_tokens);
  const int fresh = std::max(0, reach - sequence.reached);
  sequence.reached += fresh;
  counts_.prompt_tokens += tokens;
  counts_.repeated_tokens += tokens - fresh;
}

}  // namespace fleetsim
