// Which part of the fleet a job occupies.
#ifndef SIM_ECONOMICS_SHARES_H_
#define SIM_ECONOMICS_SHARES_H_

#include <algorithm>
#include <vector>

#include "sim/base/check.h"
#include "sim/hardware/fleet.h"

namespace fleetsim {

// The job's part of one leaf. Domains are charged by the accelerators used in them: others may use
// the rest.
struct Share {
  const Leaf* leaf = nullptr;
  const Site* site = nullptr;
  int used = 0;    // accelerators of the job
  int unused = 0;  // other accelerators of the leaf

  double UsedDomains() const { return static_cast<double>(used) / leaf->accelerators; }
  double UnusedDomains() const { return static_cast<double>(unused) / leaf->accelerators; }
  int OccupiedHosts() const { return (used + leaf->accelerators - 1) / leaf->accelerators; }
};

// Ports of the scale-out fabric that one domain takes, in ports of the fabric's own speed: a NIC of
// half that speed takes half a port (breakout cables). Zero: the domain has no scale-out network.
inline double NetworkPorts(const Leaf& leaf) {
  if (leaf.scale_out == nullptr || leaf.nics == 0) return 0;
  const BytesPerSecond port = leaf.scale_out->port_bandwidth;
  const bool known = port > BytesPerSecond(0) && leaf.nic_bandwidth > BytesPerSecond(0);
  return known ? leaf.nic_bandwidth / port : leaf.nics;
}

// One share a leaf, in the fleet's order. `leaf_accelerators` as in EconomicsInput.
inline std::vector<Share> SharesOf(const Fleet& fleet, int accelerators,
                                   const std::vector<int>& leaf_accelerators) {
  std::vector<Share> shares;
  for (const Leaf& leaf : fleet.leaves) shares.push_back({&leaf, &fleet.sites[leaf.site], 0, 0});
  for (const Host& host : fleet.hosts) {
    shares[host.leaf].unused += fleet.leaves[host.leaf].accelerators;
  }
  FLEETSIM_CHECK(leaf_accelerators.empty() || leaf_accelerators.size() == shares.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    Share& share = shares[i];
    share.used =
        leaf_accelerators.empty() ? std::min(accelerators, share.unused) : leaf_accelerators[i];
    FLEETSIM_CHECK(share.used <= share.unused);
    accelerators -= share.used;
    share.unused -= share.used;
  }
  FLEETSIM_CHECK(accelerators == 0);
  return shares;
}

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_SHARES_H_
