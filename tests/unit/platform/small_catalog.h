// A catalog of a few entries with round numbers.
#ifndef TESTS_UNIT_PLATFORM_SMALL_CATALOG_H_
#define TESTS_UNIT_PLATFORM_SMALL_CATALOG_H_

#include <string>

#include "sim/hardware/catalog.h"

namespace fleetsim {

inline void AddAccelerator(const std::string& name, double bf16, double fp16, Catalog& catalog) {
  Accelerator accelerator;
  accelerator.name = name;
  accelerator.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(bf16);
  accelerator.peak[static_cast<int>(DataType::kFp16)] = FlopsPerSecond(fp16);
  accelerator.memory = Bytes(96e9);
  accelerator.host_link_bandwidth = BytesPerSecond(30e9);
  catalog.accelerators[name] = accelerator;
}

// big-1: 100 Tflop/s in servers of 8 with 400 GB/s; old-1: FP16 only, on the host bus, servers
// of 4.
inline Catalog SmallCatalog() {
  Catalog catalog;
  AddAccelerator("big-1", 100e12, 100e12, catalog);
  AddAccelerator("old-1", 0.0, 50e12, catalog);
  Server big{.name = "big-server", .accelerator_names = {"big-1"}, .accelerators = 8};
  big.scale_up_fabric = "switch-400";
  big.scale_up_bandwidth = BytesPerSecond(400e9);
  big.nics = 8;
  big.nic_bandwidth = BytesPerSecond(50e9);
  catalog.servers[big.name] = big;
  Server old{.name = "old-server", .accelerator_names = {"old-1", "big-1"}, .accelerators = 4};
  catalog.servers[old.name] = old;
  Fabric scale_up{.name = "switch-400", .kind = FabricKind::kScaleUp};
  scale_up.base_latency = Seconds(0.7e-6);
  catalog.fabrics[scale_up.name] = scale_up;
  Fabric leaf{.name = "fabric-50", .kind = FabricKind::kScaleOut};
  leaf.port_bandwidth = BytesPerSecond(50e9);
  leaf.base_latency = Seconds(2e-6);
  leaf.hop_latency = Seconds(0.4e-6);
  catalog.fabrics[leaf.name] = leaf;
  Fabric slow = leaf;
  slow.name = "fabric-25";
  slow.port_bandwidth = BytesPerSecond(25e9);
  catalog.fabrics[slow.name] = slow;
  Fabric wan{.name = "wan-200", .kind = FabricKind::kWan};
  wan.port_bandwidth = BytesPerSecond(200e9);
  wan.hop_latency = Seconds(20e-6);
  wan.propagation_s_per_m = 5e-9;
  catalog.fabrics[wan.name] = wan;
  catalog.regions["nowhere"] = {.name = "nowhere", .pue = 1.3};
  return catalog;
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_PLATFORM_SMALL_CATALOG_H_
