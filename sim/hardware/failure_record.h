// What was observed of failures on real fleets, as a plain struct; meaning and units as in
// proto/reliability.proto.
#ifndef SIM_HARDWARE_FAILURE_RECORD_H_
#define SIM_HARDWARE_FAILURE_RECORD_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

// What a cause happens to.
enum class FailureUnit { kAccelerator, kHost, kNic, kSwitch };
inline constexpr int kFailureUnits = 4;

struct FailureCause {
  std::string name;
  FailureUnit per = FailureUnit::kAccelerator;
  double stops = 0;  // counted
  bool loses_host = false;
  std::optional<Seconds> detection;  // absent: the record's
};

struct FailureRecord {
  std::string name;
  std::vector<std::string> aliases;
  std::vector<std::string> accelerators;  // observed on
  Seconds observed;
  std::array<double, kFailureUnits> observed_units{};  // zero: unknown
  std::vector<FailureCause> causes;
  Seconds detection, restart, restart_per_accelerator, repair;
  std::optional<Seconds> planned_interval;  // absent: no planned stops
  Seconds planned_stop;
  BytesPerSecond storage_per_accelerator;
  std::vector<Evidence> evidence;
  std::string notes;

  // Of one unit.
  Seconds MeanTimeBetween(const FailureCause& cause) const {
    return observed * observed_units[static_cast<int>(cause.per)] / cause.stops;
  }
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_FAILURE_RECORD_H_
