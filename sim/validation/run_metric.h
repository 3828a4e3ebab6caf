// Published figures of whole runs and of power: hours, watts, energy, carbon.
#ifndef SIM_VALIDATION_RUN_METRIC_H_
#define SIM_VALIDATION_RUN_METRIC_H_

#include <optional>
#include <string>

#include "sim/base/units.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/inputs/cases_reader.h"
#include "sim/training/result.h"

namespace fleetsim {

// What a row says of its run beside the step. Nothing here is a constant of a row in the code.
struct RunFacts {
  // How long the run took: metrics run_duration, run_duration_days, time_to_train, or accel_hours
  // over the accelerators. Where it is stated, energy is power times this; else times the simulated
  // duration.
  std::optional<Seconds> duration;
  std::optional<double> tokens;   // metric tokens_trained; "15T tokens", "180B tokens" in the notes
  std::optional<double> samples;  // "about 589824 samples to target"
  std::optional<double> pue;      // "PUE 1.1"
  std::optional<double> carbon_g_per_kwh;  // "57 g/kWh", else of the region that the row names
};
RunFacts RunFactsOf(const MeasuredCase& measured, const Catalog& catalog);

// Why `metric` cannot be given for a run of which this much is stated; empty: it can.
std::string MissingRunFact(const std::string& metric, const RunFacts& facts);

// Conventions: docs/validate.md. Empty where the power of the accelerator is unknown, or for a
// metric of another kind.
std::optional<double> SimulatedRunMetric(const StepResult& step, const Fleet& fleet,
                                         const RunFacts& facts, double sequence_length,
                                         const Measurement& measurement);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_RUN_METRIC_H_
