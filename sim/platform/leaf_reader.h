// One <cluster> element: the hosts under a leaf, and what the catalog says of them.
#ifndef SIM_PLATFORM_LEAF_READER_H_
#define SIM_PLATFORM_LEAF_READER_H_

#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/platform/xml_file.h"

namespace fleetsim {

struct ClusterContent {
  Leaf leaf;
  std::vector<std::string> hosts;
  std::vector<std::string> notes;
};

absl::StatusOr<ClusterContent> ReadCluster(const XmlElement& cluster, const Catalog& catalog);

// What one accelerator can send to its domain, one direction: over the scale-up fabric, or over the
// host bus where there is none. Zero where the catalog knows neither.
BytesPerSecond ScaleUpBandwidth(const Server& server, const Accelerator& accelerator);

// What one scale-out port carries: the slower of the server's NIC and the fabric's port.
BytesPerSecond PortBandwidth(const Server& server, const Fabric& fabric);

// Hosts of "0-31,40": 0 to 31 and 40. The error has no place.
absl::StatusOr<std::vector<int>> ParseRadical(const std::string& radical);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_LEAF_READER_H_
