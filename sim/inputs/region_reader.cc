#include "sim/inputs/region_reader.h"

#include "proto/catalog.pb.h"
#include "sim/inputs/entry_checks.h"
#include "sim/inputs/evidence.h"

namespace fleetsim {
namespace {

const std::vector<Bounds>& RegionBounds() {
  static const std::vector<Bounds> kBounds = {
      {"electricity_usd_per_kwh", 0.001, 2, "USD/kWh"},
      {"carbon_g_per_kwh", 0, 2000, "g CO2e/kWh"},
      {"pue", 1, 3, "(all power over IT power)"},
  };
  return kBounds;
}

const std::vector<Bounds>& PricesBounds() {
  static const std::vector<Bounds> kBounds = {
      {"depreciation_years", 0.5, 30, "years"},
      {"hosting_usd_per_kw_month", 0, 2000, "USD per kW and month"},
      {"maintenance_ratio_per_year", 0, 0.5, "of capex per year; 4 % is 0.04"},
      {"storage_usd_per_accelerator", 0, 1e5, "USD"},
      {"rack_power_w", 1e3, 1e6, "W; 40 kW is 40e3"},
      {"rack_floor_space_m2", 0.2, 50, "m2"},
  };
  return kBounds;
}

}  // namespace

absl::StatusOr<Region> ReadRegion(const proto::Region& entry, const std::string& file,
                                  const FieldLines& lines) {
  RETURN_IF_ERROR(
      CheckPresent(entry, {"electricity_usd_per_kwh", "carbon_g_per_kwh", "pue"}, file, lines));
  RETURN_IF_ERROR(CheckBounds(entry, RegionBounds(), file, lines));
  Region region;
  region.name = entry.name();
  region.aliases.assign(entry.alias().begin(), entry.alias().end());
  region.electricity_usd_per_kwh = entry.electricity_usd_per_kwh();
  region.carbon_g_per_kwh = entry.carbon_g_per_kwh();
  region.pue = entry.pue();
  region.notes = entry.notes();
  ASSIGN_OR_RETURN(region.evidence, ReadEvidence(entry, file, lines));
  return region;
}

absl::StatusOr<Prices> ReadPrices(const proto::Prices& entry, const std::string& file,
                                  const FieldLines& lines) {
  RETURN_IF_ERROR(
      CheckPresent(entry,
                   {"depreciation_years", "hosting_usd_per_kw_month", "maintenance_ratio_per_year",
                    "storage_usd_per_accelerator", "rack_power_w", "rack_floor_space_m2"},
                   file, lines));
  RETURN_IF_ERROR(CheckBounds(entry, PricesBounds(), file, lines));
  Prices prices;
  prices.name = entry.name();
  prices.depreciation_years = entry.depreciation_years();
  prices.hosting_usd_per_kw_month = entry.hosting_usd_per_kw_month();
  prices.maintenance_ratio_per_year = entry.maintenance_ratio_per_year();
  prices.storage_per_accelerator = Usd(entry.storage_usd_per_accelerator());
  prices.rack_power = Watts(entry.rack_power_w());
  prices.rack_floor_space_m2 = entry.rack_floor_space_m2();
  prices.notes = entry.notes();
  ASSIGN_OR_RETURN(prices.evidence, ReadEvidence(entry, file, lines));
  return prices;
}

}  // namespace fleetsim
