#include "sim/collective/algorithm.h"

#include <array>

#include "sim/collective/direct.h"
#include "sim/collective/in_switch.h"
#include "sim/collective/one_shot.h"
#include "sim/collective/ring.h"
#include "sim/collective/tree.h"

namespace fleetsim {

const Algorithm* FindAlgorithm(CollectiveAlgorithm name) {
  static constexpr std::array<Algorithm, 6> kAlgorithms = {{
      {CollectiveAlgorithm::kRing, RingServes, RingDemand},
      {CollectiveAlgorithm::kTree, TreeServes, TreeDemand},
      {CollectiveAlgorithm::kInSwitch, InSwitchServes, InSwitchDemand},
      {CollectiveAlgorithm::kDirect, DirectServes, DirectDemand},
      {CollectiveAlgorithm::kOneShot, EngineKernelServes, OneShotDemand},
      {CollectiveAlgorithm::kTwoShot, EngineKernelServes, TwoShotDemand},
  }};
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

int CeilLog2(int count) {
  int depth = 0;
  while ((1LL << depth) < count) ++depth;
  return depth;
}

}  // namespace fleetsim
