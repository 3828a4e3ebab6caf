#include "sim/validation/run_metric.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/economics/energy.h"
#include "sim/economics/notes.h"
#include "sim/economics/power.h"
#include "sim/economics/shares.h"
#include "sim/validation/metric.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

constexpr double kSecondsPerMinute = 60.0;
// Behind the power supplies of the nodes: 96 % at half load (80 PLUS Titanium, 230 V).
constexpr double kPowerSupplyEfficiency = 0.96;
// All published carbon figures without a place are of American companies.
constexpr const char* kAssumedRegion = "us";

// Base units (W, J, s, g) in one of `unit`.
double ScaleOf(const std::string& unit) {
  struct Unit {
    const char* name;
    double scale;
  };
  constexpr Unit kUnits[] = {
      {"kW", 1e3}, {"kWh", kJoulesPerKwh}, {"MWh", 1e3 * kJoulesPerKwh}, {"kg", 1e3},
      {"t", 1e6},  {"h", kSecondsPerHour}, {"min", kSecondsPerMinute},   {"day", kSecondsPerDay}};
  for (const Unit& candidate : kUnits) {
    if (unit == candidate.name) return candidate.scale;
  }
  return 1.0;
}

void ReadTimes(const MeasuredCase& measured, RunFacts& facts) {
  for (const Measurement& measurement : measured.measurements) {
    const Seconds time(measurement.value * ScaleOf(measurement.unit));
    const std::string& metric = measurement.metric;
    if (metric == "run_duration" || metric == "run_duration_days" || metric == "time_to_train") {
      facts.duration = time;
    }
    if (metric == "accel_hours") facts.accelerator_time = time;
    if (metric == "tokens_trained") facts.tokens = measurement.value;
  }
  if (!facts.accelerator_time && facts.duration && measured.accelerators) {
    facts.accelerator_time = *measured.accelerators * *facts.duration;
  }
}

void ReadPlace(const MeasuredCase& measured, const Catalog& catalog, RunFacts& facts,
               std::vector<std::string>& rules) {
  facts.pue = StatedNumber(measured, "PUE (?:of )?([0-9.]*[0-9])");
  facts.carbon_g_per_kwh = StatedNumber(measured, "([0-9.]+) ?g(?:CO2)?(?:eq|e)?/kWh");
  bool carbon = false;
  for (const Measurement& measurement : measured.measurements) {
    carbon = carbon || measurement.metric == "co2";
  }
  if (!carbon || facts.carbon_g_per_kwh) return;
  const std::string place = measured.region.empty() ? kAssumedRegion : measured.region;
  const auto region = FindRegion(catalog, place);
  if (!region.ok()) return;
  if (measured.region.empty()) rules.push_back(absl::StrCat("site not stated: region ", place));
  if ((*region)->carbon_g_per_kwh > 0) facts.carbon_g_per_kwh = (*region)->carbon_g_per_kwh;
  if (!facts.pue && (*region)->pue > 0) facts.pue = (*region)->pue;
}

// Mean power of the job's nodes and their peak, without network and cooling.
struct NodePower {
  Watts mean;  // all nodes together
  Watts peak;  // one node with every accelerator at its hungriest activity
  int nodes = 0;
};

std::optional<NodePower> NodePowerOf(const StepResult& step, const Fleet& fleet) {
  EconomicsOptions options;
  options.pue = 1.0;
  Notes notes;
  NodePower power;
  for (const Share& share : SharesOf(fleet, step.accelerators, {})) {
    if (share.used == 0) continue;
    const auto energy = ShareEnergy(share, step.activities, Seconds(1), options, notes);
    if (!energy) return std::nullopt;
    power.mean += (energy->used.Accelerators() + energy->used.servers) / Seconds(1);
    power.nodes += share.OccupiedHosts();
    power.peak =
        Max(power.peak, share.leaf->accelerators * energy->full_accelerator + energy->full_server);
  }
  return power;
}

// Of the whole run: whole steps and the evaluations of a benchmark's clock, no pauses.
std::optional<Seconds> SimulatedDuration(const StepResult& step, const RunFacts& facts,
                                         double sequence_length) {
  const std::optional<double> tokens =
      facts.samples ? *facts.samples * sequence_length : facts.tokens;
  if (!tokens) return std::nullopt;
  const Seconds steps = std::ceil(*tokens / step.tokens) * step.duration;
  if (!facts.evaluation) return steps;
  return steps + EvaluationTime(*facts.evaluation, step, *tokens / sequence_length,
                                step.tokens / sequence_length);
}

std::optional<double> RunTime(const StepResult& step, const RunFacts& facts, double sequence_length,
                              const std::string& metric) {
  if (metric == "accel_hours_per_Ttoken") {
    constexpr double kTrillion = 1e12;
    return step.accelerators * step.duration.value() * (kTrillion / step.tokens);
  }
  const auto duration = SimulatedDuration(step, facts, sequence_length);
  if (!duration) return std::nullopt;
  return metric == "accel_hours" ? step.accelerators * duration->value() : duration->value();
}

std::optional<double> PowerOrEnergy(const NodePower& power, const StepResult& step,
                                    const RunFacts& facts, double sequence_length,
                                    const std::string& metric) {
  if (metric == "peak_power_per_node") return power.peak.value();
  const double supply = absl::EndsWith(metric, "_dc") ? kPowerSupplyEfficiency : 1.0;
  if (ClassOf(metric) == MetricClass::kPower) return supply * power.mean.value() / power.nodes;
  const auto duration =
      facts.duration ? facts.duration : SimulatedDuration(step, facts, sequence_length);
  if (!duration) return std::nullopt;
  return supply * (power.mean * *duration).value();
}

}  // namespace

RunFacts RunFactsOf(const MeasuredCase& measured, const Catalog& catalog,
                    std::vector<std::string>& rules) {
  RunFacts facts;
  ReadTimes(measured, facts);
  // "Up to" is not what this run saw.
  if (!facts.tokens && !absl::StrContains(measured.notes, "up to")) {
    facts.tokens = StatedNumber(measured, "(?:^|[^0-9.])([0-9.]+) ?([TB]) tokens");
  }
  facts.samples = StatedNumber(measured, "about ([0-9.]+) samples to target");
  facts.evaluation = EvaluationOf(measured);
  ReadPlace(measured, catalog, facts, rules);
  return facts;
}

std::string MissingRunFact(const std::string& metric, const RunFacts& facts) {
  const MetricClass kind = ClassOf(metric);
  const bool amount = facts.tokens || facts.samples;
  if (kind == MetricClass::kRun && metric != "accel_hours_per_Ttoken" && !amount) {
    return absl::StrCat(metric, ": neither tokens nor samples of the run are stated");
  }
  if (kind == MetricClass::kEnergy && !facts.duration && !amount) {
    return absl::StrCat(metric, ": neither duration nor tokens of the run are stated");
  }
  if (kind == MetricClass::kNameplate && !facts.accelerator_time) {
    return absl::StrCat(metric, ": the accelerator-hours of the run are not stated");
  }
  return "";
}

std::optional<double> NameplateMetric(const MeasuredCase& measured, const RunFacts& facts,
                                      const Catalog& catalog, const Measurement& measurement) {
  const auto accelerator = FindAccelerator(catalog, measured.accelerator);
  if (!accelerator.ok() || !((*accelerator)->tdp > Watts(0)) || !facts.accelerator_time) {
    return std::nullopt;
  }
  const double scale = ScaleOf(measurement.unit);
  const Joules energy = facts.pue.value_or(1.0) * (*facts.accelerator_time * (*accelerator)->tdp);
  if (measurement.metric == "energy") return energy.value() / scale;
  if (!facts.carbon_g_per_kwh) return std::nullopt;
  return energy.value() / kJoulesPerKwh * *facts.carbon_g_per_kwh / scale;
}

std::optional<double> SimulatedRunMetric(const StepResult& step, const Fleet& fleet,
                                         const RunFacts& facts, double sequence_length,
                                         const Measurement& measurement) {
  const MetricClass kind = ClassOf(measurement.metric);
  std::optional<double> value;
  if (kind == MetricClass::kRun) {
    value = RunTime(step, facts, sequence_length, measurement.metric);
  } else if (kind == MetricClass::kPower || kind == MetricClass::kEnergy) {
    const std::optional<NodePower> power = NodePowerOf(step, fleet);
    if (!power) return std::nullopt;
    value = PowerOrEnergy(*power, step, facts, sequence_length, measurement.metric);
  }
  if (value) *value /= ScaleOf(measurement.unit);
  return value;
}

}  // namespace fleetsim
