// Racks and floor space of the hosts a job occupies.
#ifndef SIM_ECONOMICS_SPACE_H_
#define SIM_ECONOMICS_SPACE_H_

#include <optional>

#include "sim/base/units.h"
#include "sim/economics/notes.h"
#include "sim/economics/options.h"
#include "sim/hardware/fleet.h"

namespace fleetsim {

// Height of a standard rack (EIA-310); all of it is taken to be free for servers.
inline constexpr double kRackUnits = 42.0;

struct Space {
  std::optional<double> racks, floor_space_m2;
};

// `host_power`: IT power of one host at full load, empty where unknown. Switches and storage stand
// elsewhere and are not counted.
Space SpaceOf(const Leaf& leaf, int hosts, std::optional<Watts> host_power, const Prices& prices,
              const EconomicsOptions& options, Notes& notes);

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_SPACE_H_
