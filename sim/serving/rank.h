// One attention rank of an instance: its queue, its KV pool and the sequences in it. Batch policies
// fill a step by its operations.
#ifndef SIM_SERVING_RANK_H_
#define SIM_SERVING_RANK_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/serving/block_pool.h"
#include "sim/serving/decode_lane.h"
#include "sim/serving/engine_options.h"
#include "sim/serving/queue_order.h"
#include "sim/serving/sequence.h"
#include "sim/serving/step.h"

namespace fleetsim {

// What a rank does in one step: the load and whom it concerns.
struct RankStep {
  StepLoad load;
  int lane = 0;
  Seconds start;
  bool preempted = false;
  std::vector<int> chunks;     // sequences with a prompt chunk in it
  std::vector<int> prefilled;  // those whose prompt it completes
  std::vector<int> ending;     // decoding ones that get their last token

  void Clear(int next_lane, Seconds now);
};

// What has become of sequences by the end of a step.
struct StepOutcome {
  std::vector<int> ended;
  std::vector<int> prefilled;  // of a prefill pool: their caches are to be sent
  std::int64_t output_tokens = 0;
};

struct RankLoad {
  int requests = 0;                 // unfinished ones that are here
  std::int64_t prompt_tokens = 0;   // of those
  std::int64_t pending_tokens = 0;  // prompt tokens yet to be computed
};

// Since it was last asked.
struct RankCounts {
  std::int64_t prompt_tokens = 0, repeated_tokens = 0;  // computed; of those, not the first time
  std::int64_t cached_tokens = 0;                       // found in the prefix cache, each once
  std::int64_t swapped_tokens = 0;                      // moved to or from host memory
  std::int64_t preemptions = 0;
};

// Where the sequences of a rank are.
struct RankLists {
  WaitQueue waiting, swapped;
  WaitQueue coming;              // with a cache elsewhere and no room yet
  std::vector<int> running;      // all that hold a place in the batch
  std::vector<int> prompts;      // of those, with prompt tokens left to schedule
  std::vector<int> arrived;      // of those, with a cache from elsewhere and no lane yet
  std::vector<int> sending;      // prefilled, with blocks until their caches have left
  std::int64_t host_blocks = 0;  // of swapped ones
};

class Rank {
 public:
  Rank(const EngineOptions& options, SequenceTable& sequences, double tokens_per_decode,
       bool prefill_only);

  // -- Requests come and go.
  void Enqueue(int id);
  // Sequences that come with their caches from elsewhere: room is set aside for those that fit,
  // whose transfers can then begin.
  void Reserve(std::vector<int>* begin);
  void Arrive(int id);   // the cache is here
  void Abandon(int id);  // a coming one does not come
  void Sent(int id);     // the cache of a prefilled one has left
  // Everything that is here leaves unfinished.
  void Drain(std::vector<int>* lost);
  // Its lane is under way until Finish.
  void Launch(const RankStep& step) { in_flight_[step.lane] = true; }
  void Finish(const RankStep& step, Seconds now, StepOutcome* outcome);

  // -- What batch policies do.
  // True where a step on this lane might have something to do.
  bool HasWork(int lane) const;
  // Those back from host memory or from elsewhere join the lane.
  void JoinReady(RankStep& step);
  // Every decoding sequence of the lane gets its next token; where blocks run out, the ones that
  // came last are preempted.
  void Decode(RankStep& step);
  // Chunks of prompts that are under way; returns what is left of the budget.
  int ContinuePrompts(RankStep& step, int budget);
  // Prompts of waiting requests, as far as budget, blocks and places go.
  int AdmitPrompts(RankStep& step, int budget);

  const EngineOptions& options() const { return options_; }
  const RankLoad& load() const { return load_; }
  RankCounts TakeCounts() { return std::exchange(counts_, {}); }
  const BlockPool& pool() const { return pool_; }
  const RankLists& lists() const { return lists_; }
  int running() const { return static_cast<int>(lists_.running.size()); }
  int waiting() const { return lists_.waiting.size() + lists_.swapped.size(); }
  const DecodeLane& lane(int index) const { return lanes_[index]; }

 private:
  // Blocks that a sequence with `tokens` in the cache holds.
  std::int64_t BlocksFor(const Sequence& sequence, int tokens) const;
  bool Grows() const { return !options_.reserve_output || prefill_only_; }
  bool HasRoom(std::int64_t blocks) const;
  int LaneRoom(const RankStep& step) const;
  void Enter(int id);
  void Exit(int id);
  bool TryAdmit(RankStep& step, int id, int budget);
  int AddChunk(RankStep& step, int id, int budget);
  void CountChunk(Sequence& sequence, int tokens);
  void ResumeSwapped(RankStep& step);
  int Victim(const RankStep& step) const;
  void Preempt(RankStep& step, int id);
  bool SwapOut(int id, int context);
  void Depart(int id, int context);
  void FinishPrompt(int id, const RankStep& step, Seconds now, StepOutcome* outcome);
  void FinishDecodes(const RankStep& step, StepOutcome* outcome);

  const EngineOptions& options_;
  SequenceTable& sequences_;
  bool prefill_only_;
  BlockPool pool_;
  RankLists lists_;
  std::vector<DecodeLane> lanes_;
  std::vector<char> in_flight_;  // lanes
  RankLoad load_;
  RankCounts counts_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_RANK_H_
