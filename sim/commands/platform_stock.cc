#include "sim/commands/platform_stock.h"

#include <string>
#include <utility>

#include "sim/economics/notes.h"
#include "sim/economics/power.h"
#include "sim/economics/price.h"
#include "sim/economics/space.h"

namespace fleetsim {
namespace {

bool Alike(const Leaf& a, const Leaf& b) {
  return a.site == b.site && a.accelerator == b.accelerator && a.server == b.server &&
         a.scale_out == b.scale_out && a.speed == b.speed && a.nics == b.nics &&
         a.nic_bandwidth == b.nic_bandwidth;
}

void AddPower(Stock& stock, Notes& notes) {
  const Leaf& leaf = *stock.leaf;
  const std::optional<AcceleratorPower> accelerator = PowerOf(leaf, notes);
  if (!accelerator) return;
  const ServerPower server = ServerPowerOf(leaf, *stock.site, *accelerator, notes);
  const Watts network = NetworkPowerOf(leaf, notes);
  std::array<Seconds, kActivities> matrix{};
  matrix[static_cast<int>(Activity::kMatrix)] = Seconds(1.0);
  const Watts of_matrix = accelerator->Mean(matrix);
  const double hosts = stock.hosts, accelerators = leaf.accelerators;
  stock.full_power = (accelerator->full * accelerators + server.full + network) * hosts;
  stock.matrix_power =
      (of_matrix * accelerators + server.At(accelerator->Load(matrix)) + network) * hosts;
  stock.idle_power = (accelerator->idle * accelerators + server.idle + network) * hosts;
}

// One end of a price range stands for the whole.
void Pin(PriceRange& range, const std::optional<double> PriceRange::*end) {
  if (range.*end) range = {.typical = range.*end};
}

std::optional<Usd> PriceAt(const Stock& stock, const std::optional<double> PriceRange::*end) {
  Leaf leaf = *stock.leaf;
  Accelerator accelerator = *leaf.accelerator;
  Server server = *leaf.server;
  Pin(accelerator.price_usd, end);
  Pin(server.price_usd, end);
  leaf.accelerator = &accelerator;
  leaf.server = &server;
  Notes notes;
  const DomainPrice price = DomainPriceOf(leaf, {}, notes);
  if (!price.accelerators || !price.servers || !price.network) return std::nullopt;
  return (*price.accelerators + *price.servers + *price.network) * stock.hosts;
}

void Complete(Stock& stock, const Prices& prices) {
  const Leaf& leaf = *stock.leaf;
  stock.accelerators = stock.hosts * leaf.accelerators;
  stock.peak = leaf.speed * stock.accelerators;
  stock.memory = leaf.accelerator->memory * stock.accelerators;
  Notes notes;
  AddPower(stock, notes);
  std::optional<Watts> host_power;
  if (stock.full_power) host_power = *stock.full_power / stock.hosts;
  const Space space = SpaceOf(leaf, stock.hosts, host_power, prices, {}, notes);
  stock.racks = space.racks;
  stock.floor_space_m2 = space.floor_space_m2;
  stock.price_low = PriceAt(stock, &PriceRange::low);
  stock.price_typical = PriceAt(stock, &PriceRange::typical);
  stock.price_high = PriceAt(stock, &PriceRange::high);
}

template <class T>
Cell CellOf(const std::optional<T>& value) {
  if (!value) return std::monostate();
  if constexpr (std::is_same_v<T, double>) {
    return *value;
  } else {
    return value->value();
  }
}

}  // namespace

std::vector<Stock> TakeStock(const Platform& platform, const Prices& prices) {
  const Fleet& fleet = platform.fleet;
  std::vector<int> hosts(fleet.leaves.size(), 0);
  for (const Host& host : fleet.hosts) ++hosts[host.leaf];
  std::vector<Stock> stock;
  for (std::size_t i = 0; i < fleet.leaves.size(); ++i) {
    const Leaf& leaf = fleet.leaves[i];
    auto known = stock.begin();
    while (known != stock.end() && !Alike(*known->leaf, leaf)) ++known;
    if (known == stock.end()) {
      known = stock.insert(known, {.leaf = &leaf, .site = &fleet.sites[leaf.site]});
    }
    ++known->leaves;
    known->hosts += hosts[i];
  }
  for (Stock& kind : stock) Complete(kind, prices);
  return stock;
}

Table StockTable(const std::vector<Stock>& stock) {
  Table table({{"site", "site"},
               {"server", "server"},
               {"accelerator", "accelerator"},
               {"fabric", "fabric"},
               {"hosts", "hosts"},
               {"accelerators", "accelerators"},
               {"peak_flops_per_s", "BF16 peak", "PFLOP/s", 1e15},
               {"memory_bytes", "memory", "TB", 1e12},
               {"full_power_w", "full power", "kW", 1e3},
               {"matrix_power_w", "computing", "kW", 1e3},
               {"idle_power_w", "idle", "kW", 1e3},
               {"racks", "racks"},
               {"floor_space_m2", "floor", "m2"},
               {"price_low_usd", "price low", "USD M", 1e6, 3},
               {"price_usd", "typical", "USD M", 1e6, 3},
               {"price_high_usd", "high", "USD M", 1e6, 3}});
  for (const Stock& kind : stock) {
    table.AddRow({kind.site->id, kind.leaf->server->name, kind.leaf->accelerator->name,
                  kind.leaf->scale_out->name, static_cast<double>(kind.hosts),
                  static_cast<double>(kind.accelerators), kind.peak.value(), kind.memory.value(),
                  CellOf(kind.full_power), CellOf(kind.matrix_power), CellOf(kind.idle_power),
                  CellOf(kind.racks), CellOf(kind.floor_space_m2), CellOf(kind.price_low),
                  CellOf(kind.price_typical), CellOf(kind.price_high)});
  }
  return table;
}

}  // namespace fleetsim
