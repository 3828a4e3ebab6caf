// Published figures of whole runs and of power: hours, watts, energy, carbon.
#ifndef SIM_VALIDATION_RUN_METRIC_H_
#define SIM_VALIDATION_RUN_METRIC_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/inputs/cases_reader.h"
#include "sim/training/result.h"
#include "sim/validation/benchmark_evaluation.h"

namespace fleetsim {

// What a row says of its run beside the step, from its own metrics and notes.
struct RunFacts {
  std::optional<Seconds> duration;          // run_duration, run_duration_days, time_to_train
  std::optional<Seconds> accelerator_time;  // accel_hours, else duration x accelerators
  std::optional<double> tokens;             // tokens_trained; "15T tokens", "180B tokens"
  std::optional<double> samples;            // "about 589824 samples to target"
  std::optional<double> pue;                // "PUE 1.1", else of the region that the row names
  std::optional<double> carbon_g_per_kwh;   // "57 g/kWh", else of the region
  std::optional<BenchmarkEvaluation> evaluation;  // that its clock includes
};
RunFacts RunFactsOf(const MeasuredCase& measured, const Catalog& catalog,
                    std::vector<std::string>& rules);

// Why `metric` cannot be given for a run of which this much is stated; empty: it can.
std::string MissingRunFact(const std::string& metric, const RunFacts& facts);

// Figures whose authors had neither meters nor a simulator: energy is TDP x accelerator-hours x
// PUE, carbon that times the grid's intensity. Needs no simulation. In `unit`; empty where a fact
// or the TDP is missing.
std::optional<double> NameplateMetric(const MeasuredCase& measured, const RunFacts& facts,
                                      const Catalog& catalog, const Measurement& measurement);

// Conventions: docs/validate.md. Empty where the power of the accelerator is unknown, a fact is
// missing, or for a metric of another kind.
std::optional<double> SimulatedRunMetric(const StepResult& step, const Fleet& fleet,
                                         const RunFacts& facts, double sequence_length,
                                         const Measurement& measurement);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_RUN_METRIC_H_
