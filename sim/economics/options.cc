#include "sim/economics/options.h"

#include <array>
#include <cmath>
#include <limits>

namespace fleetsim {
namespace {

struct Bound {
  const char* flag;
  const std::optional<double>& value;
  double low;       // smallest allowed value
  bool may_be_low;  // whether `low` itself is allowed
  double high;      // largest allowed value
  const char* rule;
};

absl::Status CheckBound(const Bound& bound) {
  if (!bound.value) return absl::OkStatus();
  const double value = *bound.value;
  const bool above = bound.may_be_low ? value >= bound.low : value > bound.low;
  if (std::isfinite(value) && above && value <= bound.high) return absl::OkStatus();
  return InputError({"command line", 0, absl::StrCat("--", bound.flag)},
                    absl::StrCat("found ", value), bound.rule);
}

}  // namespace

absl::Status CheckOptions(const EconomicsOptions& options) {
  constexpr double kNoLimit = std::numeric_limits<double>::max();
  const char* amount = "expected a number of 0 or more";
  const std::array<Bound, 13> bounds = {{
      {"electricity-usd-per-kwh", options.electricity_usd_per_kwh, 0, true, kNoLimit, amount},
      {"carbon-g-per-kwh", options.carbon_g_per_kwh, 0, true, kNoLimit, amount},
      {"pue", options.pue, 1, true, kNoLimit, "expected facility over IT energy, 1 or more"},
      {"accelerator-price-usd", options.accelerator_price_usd, 0, true, kNoLimit, amount},
      {"server-price-usd", options.server_price_usd, 0, true, kNoLimit, amount},
      {"network-usd-per-port", options.network_usd_per_port, 0, true, kNoLimit, amount},
      {"storage-usd-per-accelerator", options.storage_usd_per_accelerator, 0, true, kNoLimit,
       amount},
      {"rental-usd-per-h", options.rental_usd_per_h, 0, true, kNoLimit, amount},
      {"depreciation-years", options.depreciation_years, 0, false, kNoLimit,
       "expected more than 0 years"},
      {"hosting-usd-per-kw-month", options.hosting_usd_per_kw_month, 0, true, kNoLimit, amount},
      {"maintenance-ratio-per-year", options.maintenance_ratio_per_year, 0, true, kNoLimit,
       "expected a share of the purchase price a year, 0 or more"},
      {"rack-power-w", options.rack_power_w, 0, false, kNoLimit, "expected more than 0 W"},
      {"utilization-ratio", options.utilization_ratio, 0, false, 1,
       "expected a share of the time, more than 0 and at most 1"},
  }};
  for (const Bound& bound : bounds) RETURN_IF_ERROR(CheckBound(bound));
  return absl::OkStatus();
}

}  // namespace fleetsim
