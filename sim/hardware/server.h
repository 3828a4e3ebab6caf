// A scale-up domain as bought: server, rack or supernode; plain struct.
#ifndef SIM_HARDWARE_SERVER_H_
#define SIM_HARDWARE_SERVER_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

struct Server {
  std::string name;
  std::vector<std::string> aliases;
  std::string vendor;
  std::vector<std::string> accelerator_names;
  int accelerators = 8;  // in one domain
  int nodes = 1;         // operating-system images in the domain
  std::string cpu;
  Bytes host_memory;
  std::string scale_up_fabric;
  BytesPerSecond scale_up_bandwidth;  // one accelerator, one direction
  BytesPerSecond pairwise_bandwidth;  // between two accelerators
  int nics = 0;
  BytesPerSecond nic_bandwidth;       // one port
  Watts overhead_idle, overhead_max;  // without accelerators
  double rack_units = 0, racks = 0;   // zero: unknown
  double floor_space_m2 = 0, weight_kg = 0;
  std::string cooling;
  PriceRange price_usd;  // whole domain with accelerators
  Usd base_price;        // domain without accelerators; zero: unknown
  bool announced = false;
  std::vector<std::string> measured_families;
  // Between host memory and one accelerator, one direction; of the domain's host memory. Zero:
  // unknown.
  BytesPerSecond host_link_bandwidth, host_memory_bandwidth;
  std::vector<Evidence> evidence;
  std::string notes;
  Watts fans;  // of overhead_max; zero: unknown
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_SERVER_H_
