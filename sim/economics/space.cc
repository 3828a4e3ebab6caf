#include "sim/economics/space.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fleetsim {
namespace {

Watts RackPower(const Prices& prices, const EconomicsOptions& options, Notes& notes) {
  if (options.rack_power_w) {
    notes.State(absl::StrFormat("power of a rack: %.6g W", *options.rack_power_w),
                "--rack-power-w");
    return Watts(*options.rack_power_w);
  }
  if (prices.rack_power > Watts(0)) {
    notes.Cite(absl::StrFormat("power of a rack: %.6g W", prices.rack_power.value()),
               prices.evidence, "rack_power_w");
  }
  return prices.rack_power;
}

// Racks that hosts fill which are smaller than a rack, or larger: as many whole ones as height and
// power allow, else whole racks for each.
double RacksFor(int hosts, double rack_share) {
  constexpr double kRounding = 1e-9;  // a tenth of a rack is ten hosts, not nine
  if (rack_share <= 1) return std::ceil(hosts / std::floor((1 + kRounding) / rack_share));
  return hosts * std::ceil(rack_share);
}

std::optional<double> Racks(const Leaf& leaf, int hosts, std::optional<Watts> host_power,
                            const Prices& prices, const EconomicsOptions& options, Notes& notes) {
  if (leaf.server != nullptr && leaf.server->racks > 0) {
    notes.Cite(absl::StrFormat("racks of %s: %.6g", leaf.server->name, leaf.server->racks),
               leaf.server->evidence, "racks");
    return hosts * leaf.server->racks;
  }
  const Watts rack_power = RackPower(prices, options, notes);
  const double units = leaf.server != nullptr ? leaf.server->rack_units : 0;
  if (!host_power || !(rack_power > Watts(0))) {
    notes.Miss("racks", absl::StrCat("the power of ", leaf.id, "'s hosts or of a rack is unknown"));
    return std::nullopt;
  }
  if (units <= 0) {
    notes.Assume(absl::StrCat("hosts of ", leaf.id, " fill racks by power, not by height"),
                 "assumed", "the height of the server is unknown");
  }
  return RacksFor(hosts, std::max(units / kRackUnits, *host_power / rack_power));
}

}  // namespace

Space SpaceOf(const Leaf& leaf, int hosts, std::optional<Watts> host_power, const Prices& prices,
              const EconomicsOptions& options, Notes& notes) {
  Space space;
  if (hosts == 0) return {0.0, 0.0};
  space.racks = Racks(leaf, hosts, host_power, prices, options, notes);
  if (space.racks && prices.rack_floor_space_m2 > 0) {
    notes.Cite(absl::StrFormat("floor of a rack with its share of aisles: %.4g m2",
                               prices.rack_floor_space_m2),
               prices.evidence, "rack_floor_space_m2");
    space.floor_space_m2 = *space.racks * prices.rack_floor_space_m2;
  } else if (leaf.server != nullptr && leaf.server->floor_space_m2 > 0) {
    notes.Cite(
        absl::StrFormat("floor of %s: %.4g m2", leaf.server->name, leaf.server->floor_space_m2),
        leaf.server->evidence, "floor_space_m2");
    space.floor_space_m2 = hosts * leaf.server->floor_space_m2;
  } else {
    notes.Miss("floor space", absl::StrCat("neither the racks of ", leaf.id,
                                           "'s hosts and their floor nor the server's floor are "
                                           "known"));
  }
  return space;
}

}  // namespace fleetsim
