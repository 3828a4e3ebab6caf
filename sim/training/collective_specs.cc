#include "sim/training/collective_specs.h"

#include <algorithm>

namespace fleetsim {

int IndexOfSpec(const CollectiveSpec& wanted, Program& program) {
  std::vector<CollectiveSpec>& known = program.collectives;
  const auto found = std::find_if(known.begin(), known.end(), [&](const CollectiveSpec& other) {
    return other.kind == wanted.kind && other.bytes == wanted.bytes &&
           other.waiting == wanted.waiting && other.repeats == wanted.repeats &&
           other.fixed_duration == wanted.fixed_duration && other.nic_bytes == wanted.nic_bytes &&
           other.network_share == wanted.network_share && other.exchange == wanted.exchange;
  });
  const auto index = static_cast<int>(found - known.begin());
  if (found == known.end()) known.push_back(wanted);
  return index;
}

}  // namespace fleetsim
