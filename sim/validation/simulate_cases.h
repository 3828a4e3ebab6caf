// Simulates measured configurations and compares.
#ifndef SIM_VALIDATION_SIMULATE_CASES_H_
#define SIM_VALIDATION_SIMULATE_CASES_H_

#include <functional>
#include <vector>

#include "sim/hardware/catalog.h"
#include "sim/inputs/cases_reader.h"
#include "sim/validation/accuracy.h"
#include "sim/validation/translate.h"

namespace fleetsim {

// One result a case, in order. Cases run in processes of their own, `parallel` at a time.
std::vector<CaseResult> SimulateCases(const std::vector<MeasuredCase>& cases,
                                      const Catalog& catalog, const Models& models, int parallel,
                                      const std::function<void(int done)>& progress);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SIMULATE_CASES_H_
