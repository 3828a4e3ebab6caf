#include "sim/serving/decode_lane.h"

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"

namespace fleetsim {

DecodeLane::DecodeLane(SequenceTable& sequences, int index, int block_tokens,
                       double tokens_per_decode)
    : sequences_(sequences),
      index_(index),
      tokens_per_decode_(tokens_per_decode),
      filling_(block_tokens, 0) {}

// The clock, modulo block size, at which the next token opens a block.
int DecodeLane::PhaseOf(const Sequence& sequence) const {
  const auto size = static_cast<std::int64_t>(filling_.size());
  const std::int64_t phase = (sequence.place.joined - sequence.place.context) % size;
  return static_cast<int>(phase < 0 ? phase + size : phase);
}

void DecodeLane::Count(const Sequence& sequence, int sign) {
  count_ += sign;
  context_ += sign * static_cast<std::int64_t>(ContextOf(sequence));
  if (sequence.place.grows) filling_[PhaseOf(sequence)] += sign;
}

void DecodeLane::Join(int id, int context, bool grows) {
  Sequence& sequence = sequences_[id];
  const int remaining = sequence.request.output_tokens - sequence.generated;
  FLEETSIM_CHECK(remaining > 0);
  sequence.state = SequenceState::kDecoding;
  sequence.place = {index_, sequences_.NextTicket(), clock_, context, grows};
  Count(sequence, 1);
  finishes_.push_back({clock_ + remaining, sequence.place.ticket, id});
  std::push_heap(finishes_.begin(), finishes_.end());
}

void DecodeLane::Leave(int id) {
  Sequence& sequence = sequences_[id];
  Count(sequence, -1);
  sequence.generated = GeneratedOf(sequence);
  sequence.place.ticket = -1;
}

int DecodeLane::NextTokens() const {
  const double steps = static_cast<double>(steps_);
  return static_cast<int>(std::floor((steps + 1.0) * tokens_per_decode_) -
                          std::floor(steps * tokens_per_decode_));
}

std::int64_t DecodeLane::BlocksNeeded() const {
  const auto size = static_cast<std::int64_t>(filling_.size());
  std::int64_t blocks = 0;
  for (int i = 0; i < NextTokens(); ++i) blocks += filling_[(clock_ + i) % size];
  return blocks;
}

void DecodeLane::ListEnding(std::vector<int>* ending) {
  const std::int64_t clock = clock_ + NextTokens();
  while (!finishes_.empty() && finishes_.front().clock <= clock) {
    const Finish& finish = finishes_.front();
    if (sequences_[finish.id].place.ticket == finish.ticket) ending->push_back(finish.id);
    std::pop_heap(finishes_.begin(), finishes_.end());
    finishes_.pop_back();
  }
}

void DecodeLane::Step() {
  const int tokens = NextTokens();
  ++steps_;
  clock_ += tokens;
  context_ += static_cast<std::int64_t>(tokens) * count_;
}

void DecodeLane::Reset() {
  count_ = 0;
  context_ = 0;
  std::fill(filling_.begin(), filling_.end(), 0);
  finishes_.clear();
}

int DecodeLane::ContextOf(const Sequence& sequence) const {
  return sequence.place.context + static_cast<int>(clock_ - sequence.place.joined);
}

int DecodeLane::GeneratedOf(const Sequence& sequence) const {
  return sequence.generated + static_cast<int>(clock_ - sequence.place.joined);
}

}  // namespace fleetsim
