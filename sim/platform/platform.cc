#include "sim/platform/platform.h"

namespace fleetsim {

bool HoldsHosts(const Zone& zone) {
  if (zone.leaf >= 0) return true;
  for (const Zone& child : zone.zones) {
    if (HoldsHosts(child)) return true;
  }
  return false;
}

}  // namespace fleetsim
