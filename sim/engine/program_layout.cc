#include "sim/engine/program_layout.h"

#include <map>
#include <tuple>

#include "sim/base/check.h"

namespace fleetsim {

namespace {

// Slots in the order of their first use.
class SlotTable {
 public:
  explicit SlotTable(std::vector<ChannelSlot>& slots) : slots_(slots) {}

  int Find(const Op& op) {
    const bool sends = op.kind == OpKind::kSend;
    const auto [it, is_new] =
        index_.try_emplace({op.peer, op.channel, sends}, static_cast<int>(slots_.size()));
    if (is_new) slots_.push_back({op.peer, op.channel, sends, 0});
    return it->second;
  }

 private:
  std::vector<ChannelSlot>& slots_;
  std::map<std::tuple<int, int, bool>, int> index_;
};

void CheckOp(const Op& op, int index) {
  FLEETSIM_CHECK(op.stream < kStreams);
  for (const std::int32_t before : op.after) FLEETSIM_CHECK(before < index);
}

}  // namespace

ListLayout LayOut(const OpList& list) {
  ListLayout layout;
  layout.first.fill(-1);
  layout.ops.resize(list.ops.size());
  SlotTable slots(layout.slots);
  std::array<std::int32_t, kStreams> last;
  last.fill(-1);
  for (int i = 0; i < static_cast<int>(list.ops.size()); ++i) {
    const Op& op = list.ops[i];
    OpPlace& place = layout.ops[i];
    CheckOp(op, i);
    std::int32_t& previous = last[op.stream];
    (previous < 0 ? layout.first[op.stream] : layout.ops[previous].next) = i;
    previous = i;
    if (op.kind == OpKind::kSend || op.kind == OpKind::kRecv) {
      place.slot = slots.Find(op);
      place.ordinal = layout.slots[place.slot].count++;
    } else if (op.kind == OpKind::kCollective) {
      if (static_cast<int>(layout.collectives.size()) <= op.group) {
        layout.collectives.resize(op.group + 1);
      }
      place.ordinal = layout.collectives[op.group]++;
    }
  }
  return layout;
}

}  // namespace fleetsim
