// Published metrics as functions of a simulated step, in the units they are published in.
#ifndef SIM_VALIDATION_METRIC_H_
#define SIM_VALIDATION_METRIC_H_

#include <optional>
#include <string>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/inputs/cases_reader.h"
#include "sim/training/result.h"

namespace fleetsim {

// What a comparison is about, so that one configuration counts once for each.
// Run metrics (hours, days) are of whole trainings and hold pauses that a step has not: the
// simulated value is a lower bound. Nameplate metrics were computed by their authors from TDP and
// hours. Both are judged apart.
// Of serving: throughput of fixed batches and of running queues, time to the first token, time of a
// later one, whole requests, single kernels.
enum class MetricClass {
  kSpeed,
  kMemory,
  kPower,
  kEnergy,
  kRun,
  kNameplate,
  kOther,
  kFixedBatch,
  kThroughput,
  kFirstToken,
  kOutputToken,
  kLatency,
  kKernel,
};
const char* MetricClassName(MetricClass kind);  // "speed", "memory", .., "fixed batch", ..
// More is faster.
bool IsRate(MetricClass kind, const std::string& metric);
bool IsJudgedApart(MetricClass kind);
MetricClass ClassOf(const std::string& metric);

// Fails where a metric that is simulated stands in a unit that is not its own.
absl::Status CheckUnit(const std::string& file, const Measurement& measurement);

// Speed metrics of one configuration say the same thing; the first of this order is the one that
// counts, because it needs no convention for counting flops.
int SpeedRank(const std::string& metric);
// Speed of a step, not of one layer's pass.
bool IsOfWholeStep(const std::string& metric);

// How a source counts utilisation where it does not count as docs/validate.md does.
struct UtilisationConvention {
  FlopsPerSecond peak;         // zero: the accelerator's
  double flops_per_token = 0;  // of mfu; zero: as model_flops_per_token
  // Model flops; absent: attention as a full square and every weight trained.
  std::optional<Flops> model_flops_per_token;
};

// Hardware flops count attention as a full square and the recomputed pass, as Megatron's papers and
// BLOOM do; model flops count the full square too (docs/validate.md), or what the convention says
// where the source counts otherwise. Empty: not simulated.
std::optional<double> SimulatedMetric(const StepResult& step, const Measurement& measurement,
                                      double sequence_length,
                                      const UtilisationConvention& convention = {});

}  // namespace fleetsim

#endif  // SIM_VALIDATION_METRIC_H_
