// A kind of link with its collective library, as a plain struct.
#ifndef SIM_HARDWARE_FABRIC_H_
#define SIM_HARDWARE_FABRIC_H_

#include <string>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/expert_kernel.h"

namespace fleetsim {

enum class FabricKind { kScaleUp, kScaleOut, kWan, kHost };
enum class FabricTopology { kSwitched, kFullMesh, kPcieTree, kIslands };
enum class CollectiveAlgorithm {
  kRing,
  kTree,
  kInSwitch,
  kDirect,
  kOneShot,
  kTwoShot,
  kHierarchical,
  kPairwise,
  kSendReceive,
  kInNetwork,  // in the switches between hosts; a fabric has it or not, no protocol names it
};

// One way the library can run a collective inside a domain (see proto/catalog.proto, Protocol).
struct CollectiveProtocol {
  CollectiveAlgorithm algorithm = CollectiveAlgorithm::kRing;
  Seconds latency, step_latency;
  double efficiency = 1.0;  // of the scale-up bandwidth, without latencies
  Seconds fill;             // fixed cost of one pipelined chunk
  double drain = 0.0;       // of a step: the last chunk's copy out of the buffer
  std::string name;         // as the library calls it: "LL128"; empty: nothing to tell apart
};

struct Fabric {
  std::string name;
  std::vector<std::string> aliases;
  FabricKind kind = FabricKind::kScaleOut;
  FabricTopology topology = FabricTopology::kSwitched;
  std::string collective_library;
  BytesPerSecond port_bandwidth;  // one port, one direction, line rate
  double point_to_point_efficiency = 1.0;
  double collective_efficiency = 1.0;
  Seconds base_latency, hop_latency;
  Seconds collective_step_latency;  // between two hosts, switches not included
  double propagation_s_per_m = 0.0;
  std::vector<CollectiveProtocol> protocols;
  // PCIe tree and islands: accelerators that meet without the thinner path, and the bandwidth
  // across it as a fraction of the scale-up bandwidth.
  int island_accelerators = 0;
  double island_bandwidth = 1.0;
  Watts port_power;
  Usd port_price;
  bool announced = false;
  std::vector<Evidence> evidence;
  std::string notes;
  std::vector<ExpertKernel> expert_kernels;
  // Full mesh: of a group of so many ranks, over the protocol's; by rising ranks.
  std::vector<std::pair<int, double>> group_efficiency;
  bool in_network_reduction = false;  // scale-out: its switches reduce (SHARP)
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_FABRIC_H_
