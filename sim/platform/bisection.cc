#include "sim/platform/bisection.h"

#include <vector>

namespace fleetsim {

namespace {

BytesPerSecond NicsOf(int leaf, const Fleet& fleet) {
  BytesPerSecond sum;
  for (const Host& host : fleet.hosts) {
    if (host.leaf == leaf) sum += fleet.leaves[leaf].nic_bandwidth;
  }
  return sum;
}

// What each child with hosts sends over its route to a zone without hosts, together.
BytesPerSecond BandwidthToHub(const Zone& zone, const Fleet& fleet) {
  BytesPerSecond sum;
  for (const ZoneRoute& route : zone.routes) {
    const bool to_hub = !HoldsHosts(zone.zones[route.destination]);
    const bool from_hub = !HoldsHosts(zone.zones[route.source]);
    if (to_hub == from_hub) continue;
    const Zone& child = zone.zones[to_hub ? route.source : route.destination];
    sum += Min(route.bandwidth, BandwidthInside(child, fleet));
  }
  return sum;
}

// The innermost zone that holds all hosts and has more than one part.
const Zone& Top(const Zone& zone) {
  const Zone* only = nullptr;
  for (const Zone& child : zone.zones) {
    if (!HoldsHosts(child)) continue;
    if (only != nullptr) return zone;
    only = &child;
  }
  return only == nullptr ? zone : Top(*only);
}

}  // namespace

BytesPerSecond BandwidthInside(const Zone& zone, const Fleet& fleet) {
  if (zone.leaf >= 0) return NicsOf(zone.leaf, fleet);
  const Zone& top = Top(zone);
  return top.leaf >= 0 ? NicsOf(top.leaf, fleet) : BandwidthToHub(top, fleet);
}

std::optional<BytesPerSecond> BisectionBandwidth(const Platform& platform) {
  const Zone& top = Top(platform.root);
  if (top.leaf >= 0) return NicsOf(top.leaf, platform.fleet) / 2.0;
  std::vector<const Zone*> parts;
  for (const Zone& child : top.zones) {
    if (HoldsHosts(child)) parts.push_back(&child);
  }
  if (top.routes.size() == 1 && parts.size() == 2) {
    return Min(top.routes.front().bandwidth, Min(BandwidthInside(*parts[0], platform.fleet),
                                                 BandwidthInside(*parts[1], platform.fleet)));
  }
  // A star: every route ends at a zone without hosts.
  for (const ZoneRoute& route : top.routes) {
    if (HoldsHosts(top.zones[route.source]) && HoldsHosts(top.zones[route.destination])) {
      return std::nullopt;
    }
  }
  return BandwidthToHub(top, platform.fleet) / 2.0;
}

}  // namespace fleetsim
