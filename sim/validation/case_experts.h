// Experts of a measured configuration whose model the catalog lacks.
#ifndef SIM_VALIDATION_CASE_EXPERTS_H_
#define SIM_VALIDATION_CASE_EXPERTS_H_

#include "sim/base/status.h"
#include "sim/inputs/cases_reader.h"
#include "sim/model/architecture.h"

namespace fleetsim {

// From the columns and notes like "expert ffn 1536; 2 shared experts; first 1 layers dense; MLA".
// Without the first of them `ffn` is the experts' width and every layer has experts. Unimplemented
// where the source does not describe its models so.
absl::Status SetExperts(const MeasuredCase& measured, Architecture& model);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_CASE_EXPERTS_H_
