// How much of a platform's traffic its upper levels can carry.
#ifndef SIM_PLATFORM_BISECTION_H_
#define SIM_PLATFORM_BISECTION_H_

#include <optional>

#include "sim/base/units.h"
#include "sim/platform/platform.h"

namespace fleetsim {

// What the hosts of a zone can send out of it together, one direction, as far as links inside the
// zone let them; a leaf's hosts by their NICs.
BytesPerSecond BandwidthInside(const Zone& zone, const Fleet& fleet);

// Bandwidth, one direction, between two halves of the outermost zone: half of what its parts send
// to the core they hang on, or what joins two sites directly. Empty where the zone is built in
// another way.
std::optional<BytesPerSecond> BisectionBandwidth(const Platform& platform);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_BISECTION_H_
