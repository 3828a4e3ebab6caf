// Requests that are in the deployment, each with what it holds and how far it is.
#ifndef SIM_SERVING_SEQUENCE_H_
#define SIM_SERVING_SEQUENCE_H_

#include <compare>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/model/request.h"

namespace fleetsim {

enum class SequenceState : std::uint8_t {
  kWaiting,     // for admission by a rank, or for an instance
  kPrefilling,  // admitted; its prompt is not done
  kDecoding,
  kSwapped,  // its KV cache is in host memory
  kComing,   // prefilled elsewhere: waits for room, then for its KV cache
};

// Order among those that wait: smaller first.
struct QueueKey {
  double rank = 0.0;
  std::int64_t order = 0;  // of arrival
  auto operator<=>(const QueueKey&) const = default;
};

// KV blocks on one rank of one instance.
struct BlockHolding {
  int instance = -1, rank = 0;
  int position = -1;        // in the rank's list
  std::int64_t blocks = 0;  // shared ones included
  int entry_blocks = 1;     // of one shared entry
  std::vector<int> shared;  // prefix cache entries, from the start of the prompt
};

// Place in a decode lane.
struct LanePlace {
  int lane = 0;
  std::int64_t ticket = -1;  // changes with every joining: what was noted before is void
  std::int64_t joined = 0;   // the lane's clock at that time
  int context = 0;           // tokens in the cache at that time
  bool grows = true;         // takes blocks as it goes
};

struct Sequence {
  Request request;
  QueueKey key;
  SequenceState state = SequenceState::kWaiting;
  bool reserved = false;       // kComing: room is set aside
  std::int32_t target = 0;     // tokens that its prefill has to put in the cache
  std::int32_t computed = 0;   // of those, done or in a step
  std::int32_t reached = 0;    // most that was ever computed or found: below it work is repeated
  std::int32_t generated = 0;  // output tokens; of a decoding one, when it joined its lane
  std::int32_t chunks_in_flight = 0;
  BlockHolding here;
  BlockHolding origin;  // prefill instance whose cache has yet to be sent; instance -1: none
  std::uint64_t key_chain = 0;  // of the prefix cache entries in `here`
  LanePlace place;

  Seconds scheduled, first_token;
  bool was_scheduled = false;
  std::int32_t cached_tokens = 0;
  std::uint16_t preemptions = 0, retries = 0;
};

// Slots with numbers that stay; ended ones are used again.
class SequenceTable {
 public:
  // An empty one.
  int Add() {
    if (free_.empty()) {
      slots_.emplace_back();
      return static_cast<int>(slots_.size()) - 1;
    }
    const int id = free_.back();
    free_.pop_back();
    return id;
  }
  void Remove(int id) {
    Sequence empty;
    // Memory of the lists is kept.
    empty.here.shared.swap(slots_[id].here.shared);
    empty.here.shared.clear();
    empty.request.block_hashes.swap(slots_[id].request.block_hashes);
    slots_[id] = std::move(empty);
    free_.push_back(id);
  }
  Sequence& operator[](int id) { return slots_[id]; }
  const Sequence& operator[](int id) const { return slots_[id]; }
  int live() const { return static_cast<int>(slots_.size() - free_.size()); }
  std::int64_t NextTicket() { return tickets_++; }

 private:
  std::deque<Sequence> slots_;
  std::vector<int> free_;
  std::int64_t tickets_ = 0;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_SEQUENCE_H_
