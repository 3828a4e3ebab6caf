// A platform drawn as a tree of sites, pods and leaves.
#ifndef SIM_COMMANDS_PLATFORM_TREE_H_
#define SIM_COMMANDS_PLATFORM_TREE_H_

#include <string>

#include "sim/platform/platform.h"

namespace fleetsim {

// "16,384 accelerators in 2,048 hosts".
std::string CountText(int accelerators, int hosts);

// One line a zone; neighbours that are alike share one.
std::string PlatformTree(const Platform& platform);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_PLATFORM_TREE_H_
