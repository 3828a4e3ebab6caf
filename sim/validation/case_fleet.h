// Hardware of a measured configuration.
#ifndef SIM_VALIDATION_CASE_FLEET_H_
#define SIM_VALIDATION_CASE_FLEET_H_

#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/inputs/cases_reader.h"
#include "sim/validation/translate.h"

namespace fleetsim {

// With room for `strategy`, expert groups whole.
absl::StatusOr<FleetRequest> FleetOf(const MeasuredCase& measured, const Strategy& strategy,
                                     const Catalog& catalog, std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_CASE_FLEET_H_
