// A platform drawn as a tree of sites, pods and leaves.
#ifndef SIM_COMMANDS_PLATFORM_TREE_H_
#define SIM_COMMANDS_PLATFORM_TREE_H_

#include <string>

#include "sim/platform/platform.h"

namespace fleetsim {

// One line a zone; neighbours that are alike share one.
std::string PlatformTree(const Platform& platform);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_PLATFORM_TREE_H_
