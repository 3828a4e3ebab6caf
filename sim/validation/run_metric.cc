#include "sim/validation/run_metric.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/base/check.h"
#include "sim/economics/energy.h"
#include "sim/economics/notes.h"
#include "sim/economics/power.h"
#include "sim/economics/shares.h"
#include "sim/validation/metric.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

constexpr double kSecondsPerMinute = 60.0;
constexpr double kSecondsPerDay = 86400.0;
// Behind the power supplies of the nodes: 96 % at half load (80 PLUS Titanium, 230 V).
constexpr double kPowerSupplyEfficiency = 0.96;

// Base units in one of `unit`.
double ScaleOf(const std::string& unit) {
  struct Unit {
    const char* name;
    double scale;
  };
  constexpr Unit kUnits[] = {{"kW", 1e3},
                             {"kWh", kJoulesPerKwh},
                             {"MWh", 1e3 * kJoulesPerKwh},
                             {"kg", 1e3},
                             {"t", 1e6},
                             {"h", kSecondsPerHour},
                             {"min", kSecondsPerMinute},
                             {"day", kSecondsPerDay}};
  for (const Unit& candidate : kUnits) {
    if (unit == candidate.name) return candidate.scale;
  }
  return 1.0;
}

std::optional<Seconds> DurationOf(const MeasuredCase& measured) {
  for (const Measurement& measurement : measured.measurements) {
    const double seconds = measurement.value * ScaleOf(measurement.unit);
    const std::string& metric = measurement.metric;
    if (metric == "run_duration" || metric == "run_duration_days" || metric == "time_to_train") {
      return Seconds(seconds);
    }
    if (metric == "accel_hours" && measured.accelerators) {
      return Seconds(seconds / *measured.accelerators);
    }
  }
  return std::nullopt;
}

// Mean power of the job's nodes and their peak, without network and cooling.
struct NodePower {
  Watts accelerators, servers;  // means, all nodes together
  Watts peak;                   // every accelerator at its hungriest activity, one node
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
    power.accelerators += energy->used.Accelerators() / Seconds(1);
    power.servers += energy->used.servers / Seconds(1);
    power.nodes += share.OccupiedHosts();
    const AcceleratorPower accelerator = *PowerOf(*share.leaf->accelerator, notes);
    const Watts hungriest =
        *std::max_element(accelerator.activity.begin(), accelerator.activity.end());
    const ServerPower server = ServerPowerOf(*share.leaf, accelerator, notes);
    const double load = (hungriest - accelerator.idle) / (accelerator.full - accelerator.idle);
    power.peak = Max(power.peak, share.leaf->accelerators * hungriest + server.At(load));
  }
  return power;
}

// Simulated duration of the whole run: whole steps, no pauses, no evaluation.
std::optional<Seconds> SimulatedDuration(const StepResult& step, const RunFacts& facts,
                                         double sequence_length) {
  if (facts.samples) return step.duration * (*facts.samples * sequence_length / step.tokens);
  if (facts.tokens) return step.duration * (*facts.tokens / step.tokens);
  return std::nullopt;
}

double Hours(const StepResult& step, Seconds duration) {
  return step.accelerators * duration.value();
}

std::optional<double> RunTime(const StepResult& step, const RunFacts& facts,
                              double sequence_length, const std::string& metric) {
  if (metric == "accel_hours_per_Ttoken") {
    constexpr double kTrillion = 1e12;
    return Hours(step, step.duration * (kTrillion / step.tokens));
  }
  const auto duration = SimulatedDuration(step, facts, sequence_length);
  if (!duration) return std::nullopt;
  return metric == "accel_hours" ? Hours(step, *duration) : duration->value();
}

std::optional<double> PowerMetric(const NodePower& power, const std::string& metric) {
  if (metric == "peak_power_per_node") return power.peak.value();
  const double mean = (power.accelerators + power.servers).value() / power.nodes;
  return metric == "avg_power_per_node_dc" ? kPowerSupplyEfficiency * mean : mean;
}

// Joules, or grams.
std::optional<double> EnergyMetric(const NodePower& power, Seconds duration, const RunFacts& facts,
                                   const std::string& metric) {
  const Joules it = (power.accelerators + power.servers) * duration;
  if (metric == "energy_it") return it.value();
  if (metric == "energy_it_dc") return kPowerSupplyEfficiency * it.value();
  const double boards = facts.pue.value_or(1.0) * (power.accelerators * duration).value();
  if (metric == "energy") return boards;
  if (!facts.carbon_g_per_kwh) return std::nullopt;
  return boards / kJoulesPerKwh * *facts.carbon_g_per_kwh;
}

bool NeedsLength(MetricClass kind) {
  return kind == MetricClass::kEnergy || kind == MetricClass::kCarbon;
}

}  // namespace

RunFacts RunFactsOf(const MeasuredCase& measured, const Catalog& catalog) {
  RunFacts facts;
  facts.duration = DurationOf(measured);
  for (const Measurement& measurement : measured.measurements) {
    if (measurement.metric == "tokens_trained") facts.tokens = measurement.value;
  }
  // "Up to", "per" and a batch are not the tokens of the run.
  if (!facts.tokens && !absl::StrContains(measured.notes, "up to") &&
      !absl::StrContains(measured.notes, "per 1T tokens")) {
    facts.tokens = StatedNumber(measured, "([0-9.]+) ?([TB]) tokens");
  }
  facts.samples = StatedNumber(measured, "about ([0-9.]+) samples to target");
  facts.pue = StatedNumber(measured, "PUE (?:of )?([0-9.]+[0-9])");
  facts.carbon_g_per_kwh = StatedNumber(measured, "([0-9.]+) ?g(?:CO2)?(?:eq|e)?/kWh");
  const auto region = catalog.regions.find(measured.region);
  if (!facts.carbon_g_per_kwh && region != catalog.regions.end() &&
      region->second.carbon_g_per_kwh > 0) {
    facts.carbon_g_per_kwh = region->second.carbon_g_per_kwh;
  }
  return facts;
}

std::string MissingRunFact(const std::string& metric, const RunFacts& facts) {
  const MetricClass kind = ClassOf(metric);
  const bool amount = facts.tokens || facts.samples;
  if (kind == MetricClass::kRun && metric != "accel_hours_per_Ttoken" && !amount) {
    return absl::StrCat(metric, ": neither tokens nor samples of the run are stated");
  }
  if (NeedsLength(kind) && !facts.duration && !amount) {
    return absl::StrCat(metric, ": neither hours nor tokens of the run are stated");
  }
  if (kind == MetricClass::kCarbon && !facts.carbon_g_per_kwh) {
    return absl::StrCat(metric, ": the carbon intensity of the electricity is not stated");
  }
  return "";
}

std::optional<double> SimulatedRunMetric(const StepResult& step, const Fleet& fleet,
                                         const RunFacts& facts, double sequence_length,
                                         const Measurement& measurement) {
  const std::string& metric = measurement.metric;
  const MetricClass kind = ClassOf(metric);
  std::optional<double> value;
  if (kind == MetricClass::kRun) {
    value = RunTime(step, facts, sequence_length, metric);
  } else if (kind == MetricClass::kPower || NeedsLength(kind)) {
    const std::optional<NodePower> power = NodePowerOf(step, fleet);
    if (!power) return std::nullopt;
    if (kind == MetricClass::kPower) {
      value = PowerMetric(*power, metric);
    } else {
      const auto duration =
          facts.duration ? facts.duration : SimulatedDuration(step, facts, sequence_length);
      if (duration) value = EnergyMetric(*power, *duration, facts, metric);
    }
  }
  if (value) *value /= ScaleOf(measurement.unit);
  return value;
}

}  // namespace fleetsim
