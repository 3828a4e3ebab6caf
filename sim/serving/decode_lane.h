// Sequences that decode together, one micro-batch of one rank. A step costs what changes in it:
// sums and block needs are kept by the lane's clock, no sequence is touched but those that end.
#ifndef SIM_SERVING_DECODE_LANE_H_
#define SIM_SERVING_DECODE_LANE_H_

#include <cstdint>
#include <vector>

#include "sim/serving/sequence.h"

namespace fleetsim {

class DecodeLane {
 public:
  DecodeLane(SequenceTable& sequences, int index, int block_tokens, double tokens_per_decode);

  int sequences() const { return count_; }
  std::int64_t context() const { return context_; }  // tokens in all caches

  // `context` of its tokens are in the cache. `grows`: its blocks end where its context does.
  void Join(int id, int context, bool grows);
  void Leave(int id);

  // Output tokens that each sequence gets in the next step: n steps give floor(n x mean).
  int NextTokens() const;
  // Blocks that the next step fills first.
  std::int64_t BlocksNeeded() const;
  // Notes the sequences that the next step brings to their last token.
  void ListEnding(std::vector<int>* ending);
  void Step();
  void Reset();  // forgets all sequences

  int ContextOf(const Sequence& sequence) const;
  int GeneratedOf(const Sequence& sequence) const;  // may pass the end within the last step

 private:
  struct Finish {
    std::int64_t clock;
    std::int64_t ticket;
    int id;
    bool operator<(const Finish& other) const {
      return clock != other.clock ? clock > other.clock : ticket > other.ticket;
    }
  };
  int PhaseOf(const Sequence& sequence) const;
  void Count(const Sequence& sequence, int sign);

  SequenceTable& sequences_;
  int index_;
  double tokens_per_decode_;
  std::int64_t steps_ = 0;
  std::int64_t clock_ = 0;  // tokens that a sequence here from the start would have got
  int count_ = 0;
  std::int64_t context_ = 0;
  // Sequences that need a block when the clock is p modulo block size: [p].
  std::vector<int> filling_;
  std::vector<Finish> finishes_;  // heap by date; entries of sequences that left are void
};

}  // namespace fleetsim

#endif  // SIM_SERVING_DECODE_LANE_H_
