// What can be said of an op list once for all the workers that share it.
#ifndef SIM_ENGINE_PROGRAM_LAYOUT_H_
#define SIM_ENGINE_PROGRAM_LAYOUT_H_

#include <array>
#include <cstdint>
#include <vector>

#include "sim/program/program.h"

namespace fleetsim {

// One op's place among its kind.
struct OpPlace {
  std::int32_t next = -1;     // next op of the same stream
  std::int32_t slot = -1;     // Send, Recv: index into ListLayout::slots
  std::int32_t ordinal = -1;  // how many like it (same slot, or same group) come before it
};

// The sends or the receives of a list on one channel with one peer.
struct ChannelSlot {
  int peer = -1;
  int channel = 0;
  bool sends = false;
  int count = 0;
};

struct ListLayout {
  std::vector<OpPlace> ops;
  std::array<std::int32_t, kStreams> first;  // op of each stream, -1: none
  std::vector<ChannelSlot> slots;
  std::vector<int> collectives;  // by Op::group: how many the list has
};

ListLayout LayOut(const OpList& list);

}  // namespace fleetsim

#endif  // SIM_ENGINE_PROGRAM_LAYOUT_H_
