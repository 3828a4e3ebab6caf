// A measured serving point as a job that can be simulated, every gap filled by a stated rule or
// named as the reason why not.
#ifndef SIM_VALIDATION_SERVING_CASE_H_
#define SIM_VALIDATION_SERVING_CASE_H_

#include <memory>
#include <string>
#include <vector>

#include "sim/inputs/serving_cases_reader.h"
#include "sim/model/serving_job.h"
#include "sim/validation/serving_load.h"
#include "sim/validation/translate.h"

namespace fleetsim {

struct ServingTranslation {
  ServingJob job;
  ServingLoad load;
  FleetRequest fleet;
  int accelerators = 1;            // of all instances
  std::vector<std::string> rules;  // which gaps were filled, and how
};

// Unimplemented: a feature is missing or the source leaves out what no rule can fill; the message
// names it. NotFound: the catalog lacks accelerator or engine.
absl::StatusOr<ServingTranslation> TranslateServing(const ServingCase& point,
                                                    const Catalog& catalog, const Models& models);

// Equal for points that are the same simulation, whatever was measured of it.
std::string SimulationKey(const ServingTranslation& translation);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SERVING_CASE_H_
