// Region and Prices entries of the catalog: from the parsed message to the checked struct.
#ifndef SIM_INPUTS_REGION_READER_H_
#define SIM_INPUTS_REGION_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/region.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

namespace proto {
class Region;
class Prices;
}  // namespace proto

// Errors name `file`, the line and the field: something missing, a number out of range or without
// evidence.
absl::StatusOr<Region> ReadRegion(const proto::Region& entry, const std::string& file,
                                  const FieldLines& lines);
absl::StatusOr<Prices> ReadPrices(const proto::Prices& entry, const std::string& file,
                                  const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_REGION_READER_H_
