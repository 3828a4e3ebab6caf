// A platform file read: the fleet, and the zones it hangs in.
#ifndef SIM_PLATFORM_PLATFORM_H_
#define SIM_PLATFORM_PLATFORM_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/fleet.h"

namespace fleetsim {

// A route between two zones of one parent; its links together.
struct ZoneRoute {
  int source = 0, destination = 0;  // indices into Zone::zones
  BytesPerSecond bandwidth;         // the thinnest link, one direction
  Seconds latency;
};

// A zone or cluster element.
struct Zone {
  std::string id;
  int line = 0;
  int leaf = -1;  // index into Fleet::leaves; -1: a zone of zones, or of a router
  int site = -1;  // index into Fleet::sites where the element describes one
  std::vector<Zone> zones;
  std::vector<ZoneRoute> routes;
};

struct Platform {
  Fleet fleet;
  Zone root;
  // What is allowed and worth knowing: power-capped accelerators, no site stated, and so on.
  std::vector<std::string> notes;
};

bool HoldsHosts(const Zone& zone);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_PLATFORM_H_
