// Purchase prices and rents as the catalog or the user gives them.
#ifndef SIM_ECONOMICS_PRICE_H_
#define SIM_ECONOMICS_PRICE_H_

#include <optional>

#include "sim/base/units.h"
#include "sim/economics/notes.h"
#include "sim/economics/options.h"
#include "sim/hardware/fleet.h"

namespace fleetsim {

// A server without its accelerators over their price, where nothing is known of it: server parts
// come to 1.64-1.69 times the accelerators (Cottier et al. 2024, arXiv 2405.21015).
inline constexpr double kAssumedServerPriceRatio = 0.65;
// Network over everything bought, where a port's price is unknown: 19 % (same source).
inline constexpr double kAssumedNetworkShare = 0.19;

// The typical value; else the geometric mean of low and high; else the one end there is.
std::optional<double> TypicalPrice(const PriceRange& range);

// What one domain costs to buy. The parts are absent where nothing is known.
struct DomainPrice {
  std::optional<Usd> accelerators, servers, network;
};
DomainPrice DomainPriceOf(const Leaf& leaf, const EconomicsOptions& options, Notes& notes);

// One accelerator.
std::optional<UsdPerSecond> RentOf(const Leaf& leaf, const EconomicsOptions& options, Notes& notes);

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_PRICE_H_
