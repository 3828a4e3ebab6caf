// Model and software stack of a measured configuration.
#ifndef SIM_VALIDATION_CASE_MODEL_H_
#define SIM_VALIDATION_CASE_MODEL_H_

#include <map>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/inputs/cases_reader.h"
#include "sim/model/architecture.h"

namespace fleetsim {

// The shape columns on top of the catalog's model of that name; without one, a GPT where the
// feed-forward width is four times the hidden size, a Llama otherwise.
absl::StatusOr<Architecture> ModelOf(const MeasuredCase& measured,
                                     const std::map<std::string, Architecture>& models,
                                     std::vector<std::string>& rules);

// The column `stack`, else the catalog's stack that names this family and source as its own.
absl::StatusOr<const SoftwareStack*> StackOf(const MeasuredCase& measured, const Catalog& catalog);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_CASE_MODEL_H_
