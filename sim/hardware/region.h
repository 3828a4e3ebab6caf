// Places and prices as plain structs.
#ifndef SIM_HARDWARE_REGION_H_
#define SIM_HARDWARE_REGION_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

struct Region {
  std::string name;
  std::vector<std::string> aliases;
  double electricity_usd_per_kwh = 0.0;
  double carbon_g_per_kwh = 0.0;  // life-cycle, location based
  double pue = 1.0;
  std::vector<Evidence> evidence;
  std::string notes;
};

struct Prices {
  std::string name;
  double depreciation_years = 0.0;
  double hosting_usd_per_kw_month = 0.0;    // by provisioned IT power
  double maintenance_ratio_per_year = 0.0;  // of capex
  Usd storage_per_accelerator;
  Watts rack_power;
  double rack_floor_space_m2 = 0.0;
  std::vector<Evidence> evidence;
  std::string notes;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_REGION_H_
