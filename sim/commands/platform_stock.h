// What a platform consists of, by kind of host: accelerators, peak, power, racks, price.
#ifndef SIM_COMMANDS_PLATFORM_STOCK_H_
#define SIM_COMMANDS_PLATFORM_STOCK_H_

#include <optional>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/catalog.h"
#include "sim/platform/platform.h"
#include "sim/report/table.h"

namespace fleetsim {

// Equal hosts of one site. Absent: the catalog does not know.
struct Stock {
  const Leaf* leaf = nullptr;  // the first of them
  const Site* site = nullptr;
  int leaves = 0, hosts = 0, accelerators = 0;
  FlopsPerSecond peak;
  Bytes memory;
  // IT power: all accelerators at TDP with their servers loaded; while they multiply matrices;
  // idle.
  std::optional<Watts> full_power, matrix_power, idle_power;
  std::optional<double> racks, floor_space_m2;
  std::optional<Usd> price_low, price_typical, price_high;  // with network, without storage
};

// One entry a kind and site, in file order.
std::vector<Stock> TakeStock(const Platform& platform, const Prices& prices);

Table StockTable(const std::vector<Stock>& stock);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_PLATFORM_STOCK_H_
