// A measured configuration as something that can be simulated: model, strategy, stack and fleet
// from the catalog, with every gap in the source filled by a stated rule or named as the reason why
// not.
#ifndef SIM_VALIDATION_TRANSLATE_H_
#define SIM_VALIDATION_TRANSLATE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/inputs/cases_reader.h"
#include "sim/model/architecture.h"
#include "sim/training/spec.h"
#include "sim/validation/metric.h"

namespace fleetsim {

// What the measured run had, in catalog terms.
struct FleetRequest {
  const Accelerator* accelerator = nullptr;
  const Server* server = nullptr;
  const Fabric* fabric = nullptr;
  int hosts = 1;
  int nics = 0;                      // of one host
  std::string cooling;               // of the site; empty: not stated
  double power_cap_w = 0;            // of one accelerator; 0: none
  std::vector<FleetRequest> others;  // further hosts of other kinds, in the order of the ranks
};

struct Translation {
  std::unique_ptr<Architecture> model;  // `spec` points into it
  TrainingSpec spec;
  FleetRequest fleet;
  UtilisationConvention utilisation;
  std::vector<std::string> rules;  // which gaps were filled, and how
};

using Models = std::map<std::string, Architecture>;

// A micro-batch that is not stated is left at 1 sequence (micro_batch.h chooses).
// Unimplemented: a feature is missing or the source leaves out what no rule can fill; the message
// names it. NotFound: the catalog lacks the accelerator.
absl::StatusOr<Translation> Translate(const MeasuredCase& measured, const Catalog& catalog,
                                      const Models& models);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_TRANSLATE_H_
