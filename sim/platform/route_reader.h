// The routes between zones: which links join them, and whether every leaf can be reached.
#ifndef SIM_PLATFORM_ROUTE_READER_H_
#define SIM_PLATFORM_ROUTE_READER_H_

#include <map>
#include <string>

#include "sim/base/status.h"
#include "sim/platform/platform.h"
#include "sim/platform/xml_file.h"

namespace fleetsim {

struct LinkContent {
  int line = 0;
  BytesPerSecond bandwidth;
  Seconds latency;
  bool split_duplex = false;
};
using LinkTable = std::map<std::string, LinkContent>;

// Fills in every zone's routes and every leaf's uplink bandwidth.
absl::Status ReadRoutes(const XmlFile& file, const LinkTable& links, Platform& platform);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_ROUTE_READER_H_
