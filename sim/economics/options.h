// What a user may override: every constant that energy, carbon, money and space are computed with.
#ifndef SIM_ECONOMICS_OPTIONS_H_
#define SIM_ECONOMICS_OPTIONS_H_

#include <optional>
#include <string>

#include "sim/base/status.h"

namespace fleetsim {

// An absent field: the catalog's value. Names equal the command line's flags.
struct EconomicsOptions {
  std::string prices = "default";  // entry under platforms/catalog/prices
  bool rented = false;             // the cost that is compared is the rent, not the cost of owning

  std::optional<double> electricity_usd_per_kwh;
  std::optional<double> carbon_g_per_kwh;
  std::optional<double> pue;
  std::optional<double> accelerator_price_usd;  // every accelerator of every platform
  std::optional<double> server_price_usd;       // whole domain with its accelerators
  std::optional<double> network_usd_per_port;   // switch share, transceivers, cable
  std::optional<double> storage_usd_per_accelerator;
  std::optional<double> rental_usd_per_h;  // one accelerator
  std::optional<double> depreciation_years;
  std::optional<double> hosting_usd_per_kw_month;
  std::optional<double> maintenance_ratio_per_year;
  std::optional<double> rack_power_w;
  // Share of its life in which the hardware is at work for somebody; what the job pays for owned
  // hardware is divided by it. Absent: 1.
  std::optional<double> utilization_ratio;
};

// Errors: not finite, negative, a PUE below 1, no years, a utilization outside (0, 1].
absl::Status CheckOptions(const EconomicsOptions& options);

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_OPTIONS_H_
