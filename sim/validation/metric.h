// Published metrics as functions of a simulated step, in the units they are published in.
#ifndef SIM_VALIDATION_METRIC_H_
#define SIM_VALIDATION_METRIC_H_

#include <optional>
#include <string>

#include "sim/base/status.h"
#include "sim/inputs/cases_reader.h"
#include "sim/training/result.h"

namespace fleetsim {

// What a comparison is about, so that one configuration counts once for each.
enum class MetricClass { kSpeed, kMemory, kOther };
MetricClass ClassOf(const std::string& metric);

// Fails where a metric that is simulated stands in a unit that is not its own.
absl::Status CheckUnit(const std::string& file, const Measurement& measurement);

// Speed metrics of one configuration say the same thing; the first of this order is the one that
// counts, because it needs no convention for counting flops.
int SpeedRank(const std::string& metric);

// Hardware flops count attention as a full square and the recomputed pass, as Megatron's papers and
// BLOOM do; model flops count the full square too (docs/validate.md), or `flops_per_token` where
// the source counts otherwise. Empty: not simulated.
std::optional<double> SimulatedMetric(const StepResult& step, const Measurement& measurement,
                                      double sequence_length,
                                      std::optional<Flops> flops_per_token = std::nullopt);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_METRIC_H_
