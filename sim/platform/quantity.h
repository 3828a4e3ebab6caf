// Numbers with units as SimGrid writes them in platform files: "200GBps", "1.6Tbps", "148Tf",
// "0.7us".
#ifndef SIM_PLATFORM_QUANTITY_H_
#define SIM_PLATFORM_QUANTITY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/base/units.h"

namespace fleetsim {

// Zero or more, finite, with a unit (SimGrid takes bare numbers, and warns). The error says what
// was found and, after "; ", what would be right, without a place.
absl::StatusOr<BytesPerSecond> ParseBandwidth(absl::string_view text);
absl::StatusOr<FlopsPerSecond> ParseSpeed(absl::string_view text);
absl::StatusOr<Seconds> ParseTime(absl::string_view text);

// The shortest such text that reads back as the same number to 12 digits.
std::string BandwidthText(BytesPerSecond bandwidth);
std::string SpeedText(FlopsPerSecond speed);
std::string TimeText(Seconds time);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_QUANTITY_H_
