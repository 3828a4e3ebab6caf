// Simulates measured serving points and compares.
#ifndef SIM_VALIDATION_SIMULATE_SERVING_H_
#define SIM_VALIDATION_SIMULATE_SERVING_H_

#include <functional>
#include <vector>

#include "sim/hardware/catalog.h"
#include "sim/inputs/serving_cases_reader.h"
#include "sim/validation/accuracy.h"
#include "sim/validation/translate.h"

namespace fleetsim {

// One result a point, in order; results point into `points`. Points of one kind of hardware run one
// after another in a process, `parallel` processes at a time.
std::vector<CaseResult> SimulateServingCases(const std::vector<ServingCase>& points,
                                             const Catalog& catalog, const Models& models,
                                             int parallel,
                                             const std::function<void(int done)>& progress);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SIMULATE_SERVING_H_
