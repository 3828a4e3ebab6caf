// A platform in a few numbers, from which its file is written.
#ifndef SIM_PLATFORM_SPEC_H_
#define SIM_PLATFORM_SPEC_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/catalog.h"

namespace fleetsim {

// Equal hosts at one site.
struct PoolSpec {
  const Server* server = nullptr;
  const Accelerator* accelerator = nullptr;  // null: the only one that the server takes
  const Fabric* fabric = nullptr;
  int hosts = 1;
  int nics = 0;  // 0: the server's
  int hosts_per_leaf = 32;
  int leaves_per_pod = 0;  // 0: leaves hang on the core
  // Bandwidth below a switch level over the bandwidth above it.
  double leaf_oversubscription = 1.0;
  double pod_oversubscription = 1.0;
  FlopsPerSecond speed;      // of one accelerator; zero: not capped
  std::string site;          // empty: the first one
  double power_cap_w = 0.0;  // of one accelerator, gives `speed`; 0: not stated
};

struct SiteSpec {
  std::string name;
  const Region* region = nullptr;  // null: not stated
  double pue = 0.0;                // 0: the region's
  std::string cooling;             // empty: not stated
};

// A link between the cores of two sites.
struct WanSpec {
  std::string from, to;  // sites
  const Fabric* fabric = nullptr;
  BytesPerSecond bandwidth;  // one direction; zero: one port of the fabric
  double distance_m = 0.0;   // of the fibre
};

// A host that computes at a part of its nominal speed, all the time.
struct SlowHostSpec {
  std::string host;    // its name in the file
  double speed = 1.0;  // over nominal
};

struct PlatformSpec {
  std::string name;  // of the outermost zone
  std::vector<SiteSpec> sites;
  std::vector<PoolSpec> pools;
  std::vector<WanSpec> wans;
  std::vector<SlowHostSpec> slow_hosts;
};

}  // namespace fleetsim

#endif  // SIM_PLATFORM_SPEC_H_
