// Decoding: blocks for the next tokens, and preemption where there are none left.
#include <algorithm>

#include "sim/serving/rank.h"

namespace fleetsim {

void Rank::JoinReady(RankStep& step) {
  std::size_t kept = 0;
  const bool one_lane = options_.pipeline_stages == 1;
  const int share = (running() + options_.pipeline_stages - 1) / options_.pipeline_stages;
  for (const int id : lists_.arrived) {
    if (one_lane || lanes_[step.lane].sequences() < share) {
      lanes_[step.lane].Join(id, sequences_[id].target, Grows());
    } else {
      lists_.arrived[kept++] = id;
    }
  }
  lists_.arrived.resize(kept);
  ResumeSwapped(step);
}

void Rank::ResumeSwapped(RankStep& step) {
  DecodeLane& lane = lanes_[step.lane];
  while (!lists_.swapped.empty() && LaneRoom(step) > 0) {
    const int id = lists_.swapped.first();
    Sequence& sequence = sequences_[id];
    const std::int64_t blocks = BlocksFor(sequence, sequence.target);
    // Room for the next tokens too: it is not to be swapped out again at once.
    if (!HasRoom(blocks + (running() > 0 ? lane.BlocksNeeded() + 1 : 0))) return;
    lists_.swapped.Pop();
    pool_.Take(blocks);
    lists_.host_blocks -= pool_.BlocksFor(sequence.target);
    sequence.here.blocks = blocks;
    counts_.swapped_tokens += sequence.target;
    Enter(id);
    lane.Join(id, sequence.target, Grows());
  }
}

void Rank::Decode(RankStep& step) {
  DecodeLane& lane = lanes_[step.lane];
  while (lane.BlocksNeeded() > pool_.Available()) Preempt(step, Victim(step));
  if (lane.sequences() == 0) return;
  pool_.Take(lane.BlocksNeeded());
  lane.ListEnding(&step.ending);
  step.load.decodes = lane.sequences();
  step.load.decode_context = lane.context();
  step.load.ended += static_cast<int>(step.ending.size());
}

// The last in order of those that no step under way needs.
int Rank::Victim(const RankStep& step) const {
  int victim = -1;
  for (const int id : lists_.running) {
    const Sequence& sequence = sequences_[id];
    const bool decodes = sequence.state == SequenceState::kDecoding &&
                         (sequence.place.lane == step.lane || !in_flight_[sequence.place.lane]);
    const bool prefills =
        sequence.state == SequenceState::kPrefilling && sequence.chunks_in_flight == 0;
    if (!decodes && !prefills) continue;
    if (victim < 0 || sequences_[victim].key < sequence.key) victim = id;
  }
  return victim;
}

void Rank::Preempt(RankStep& step, int id) {
  Sequence& sequence = sequences_[id];
  step.preempted = true;
  ++sequence.preemptions;
  ++counts_.preemptions;
  Exit(id);
  int context = sequence.target;
  if (sequence.state == SequenceState::kDecoding) {
    DecodeLane& lane = lanes_[sequence.place.lane];
    context = lane.ContextOf(sequence);
    lane.Leave(id);
    sequence.here.blocks = BlocksFor(sequence, context);
    pool_.Release(sequence.here);
    if (SwapOut(id, context)) return;
    load_.pending_tokens += sequence.request.input_tokens + sequence.generated;
  } else {
    pool_.Release(sequence.here);
    auto& prompts = lists_.prompts;
    prompts.erase(std::find(prompts.begin(), prompts.end(), id));
    load_.pending_tokens += sequence.computed;
  }
  sequence.state = SequenceState::kWaiting;
  sequence.computed = 0;
  sequence.target = sequence.request.input_tokens + sequence.generated;
  lists_.waiting.Push(id, sequence.key);
}

bool Rank::SwapOut(int id, int context) {
  const std::int64_t blocks = pool_.BlocksFor(context);
  if (options_.preemption != Preemption::kSwap ||
      lists_.host_blocks + blocks > options_.swap_blocks) {
    return false;
  }
  Sequence& sequence = sequences_[id];
  lists_.host_blocks += blocks;
  counts_.swapped_tokens += context;
  sequence.state = SequenceState::kSwapped;
  sequence.target = context;
  lists_.swapped.Push(id, sequence.key);
  return true;
}

}  // namespace fleetsim
