// Flops as a publication counts them, where it is not Narayanan's full square.
#ifndef SIM_VALIDATION_FLOPS_CONVENTION_H_
#define SIM_VALIDATION_FLOPS_CONVENTION_H_

#include <optional>

#include "sim/base/units.h"
#include "sim/inputs/cases_reader.h"
#include "sim/training/spec.h"

namespace fleetsim {

// What a token counts in the source's TFLOP/s; empty: as docs/models.md has it for model flops, the
// full square of attention. Sequences count with their whole length, whatever is packed into them.
std::optional<Flops> ReportedFlopsPerToken(const MeasuredCase& measured, const TrainingSpec& spec);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_FLOPS_CONVENTION_H_
