// A fleet: what a platform file contains, resolved against the catalog. Routes and link sharing are
// not here: they are SimGrid's.
#ifndef SIM_HARDWARE_FLEET_H_
#define SIM_HARDWARE_FLEET_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/fabric.h"
#include "sim/hardware/region.h"
#include "sim/hardware/server.h"

namespace fleetsim {

// Hosts of one cluster element: equal domains under one leaf. Pointers are into the Catalog.
struct Leaf {
  std::string id;
  int line = 0;  // in the platform file
  int site = 0;  // index into Fleet::sites
  const Accelerator* accelerator = nullptr;
  const Server* server = nullptr;
  const Fabric* scale_up = nullptr;  // null: accelerators meet on the host bus only
  const Fabric* scale_out = nullptr;
  int accelerators = 8;          // of one host (`core`)
  FlopsPerSecond speed;          // one accelerator's dense BF16 peak as installed (`speed`)
  BytesPerSecond nic_bandwidth;  // all NICs of one host, one direction (`bw`)
  Seconds nic_latency;           // `lat`
  int nics = 0;
  BytesPerSecond scale_up_bandwidth;  // one accelerator, one direction (`loopback_bw`)
  Seconds scale_up_latency;           // `loopback_lat`
  BytesPerSecond uplink_bandwidth;    // to the next level; zero: the leaf stands alone
};

struct Site {
  std::string id;
  const Region* region = nullptr;  // null: none stated
  double pue = 1.0;
  std::string cooling;

  // Servers without fans.
  bool Immersed() const { return cooling.find("immersion") != std::string::npos; }
};

struct Host {
  std::string name;  // SimGrid's name, e.g. "h20-17"
  int leaf = 0;      // index into Fleet::leaves
  // A SimGrid profile changes its speed over time (throttling, stragglers).
  bool varying_speed = false;
};

struct Fleet {
  std::string file;
  std::string name;    // id of the outermost zone
  std::string digest;  // of the file's bytes
  std::vector<Site> sites;
  std::vector<Leaf> leaves;
  // Some speed, bandwidth or state changes over time: only a full simulation sees it.
  bool has_profiles = false;
  std::vector<Host> hosts;          // in file order: neighbours share a leaf
  bool has_other_profiles = false;  // than those of hosts' speeds

  const Leaf& LeafOf(int host) const { return leaves[hosts[host].leaf]; }
  int Accelerators() const {
    int sum = 0;
    for (const Host& host : hosts) sum += leaves[host.leaf].accelerators;
    return sum;
  }
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_FLEET_H_
