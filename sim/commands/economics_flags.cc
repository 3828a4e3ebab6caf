#include "sim/commands/economics_flags.h"

#include <optional>

namespace fleetsim {
namespace {

struct Override {
  const char* flag;
  const char* what;
  std::optional<double> EconomicsOptions::*value;
};

constexpr Override kOverrides[] = {
    {"--electricity-usd-per-kwh", "Electricity price", &EconomicsOptions::electricity_usd_per_kwh},
    {"--carbon-g-per-kwh", "Carbon intensity of electricity", &EconomicsOptions::carbon_g_per_kwh},
    {"--pue", "Facility energy over IT energy", &EconomicsOptions::pue},
    {"--accelerator-price-usd", "Price of one accelerator",
     &EconomicsOptions::accelerator_price_usd},
    {"--server-price-usd", "Price of a domain with its accelerators",
     &EconomicsOptions::server_price_usd},
    {"--network-usd-per-port", "Switch share, transceivers and cable of a NIC port",
     &EconomicsOptions::network_usd_per_port},
    {"--storage-usd-per-accelerator", "Storage", &EconomicsOptions::storage_usd_per_accelerator},
    {"--rental-usd-per-h", "Rent of one accelerator", &EconomicsOptions::rental_usd_per_h},
    {"--depreciation-years", "Years over which hardware is paid off",
     &EconomicsOptions::depreciation_years},
    {"--hosting-usd-per-kw-month", "Space, cooling plant and staff",
     &EconomicsOptions::hosting_usd_per_kw_month},
    {"--maintenance-ratio-per-year", "Spare parts and support, of the purchase price",
     &EconomicsOptions::maintenance_ratio_per_year},
    {"--rack-power-w", "What a rack can be given", &EconomicsOptions::rack_power_w},
    {"--utilization-ratio", "Share of its life in which owned hardware works for somebody",
     &EconomicsOptions::utilization_ratio},
};

}  // namespace

void AddEconomicsFlags(CLI::App& command, EconomicsOptions& options) {
  for (const Override& entry : kOverrides) {
    command.add_option(entry.flag, options.*entry.value, entry.what)->group("Economics");
  }
  command.add_option("--prices", options.prices, "Entry of the catalog's prices")
      ->group("Economics")
      ->capture_default_str();
  command.add_flag("--rented", options.rented, "Compare by rent instead of by cost of owning")
      ->group("Economics");
}

}  // namespace fleetsim
