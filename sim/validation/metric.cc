#include "sim/validation/metric.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"

namespace fleetsim {
namespace {

constexpr double kTera = 1e12;
constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

struct SpeedMetric {
  const char* name;
  const char* unit;
};
constexpr std::array<SpeedMetric, 8> kSpeedMetrics = {{{"iteration_time", "s"},
                                                       {"tokens_per_s_per_accel", "token/s"},
                                                       {"tokens_per_s_total", "token/s"},
                                                       {"samples_per_s", "sample/s"},
                                                       {"tflops_per_accel_hw", "TFLOP/s"},
                                                       {"tflops_per_accel_model", "TFLOP/s"},
                                                       {"hfu", "%"},
                                                       {"mfu", "%"}}};

// What is not a whole step's speed, and the units it may stand in.
struct OtherMetric {
  const char* name;
  MetricClass kind;
  std::array<const char*, 2> units;
};
constexpr OtherMetric kOtherMetrics[] = {
    {"layer_forward_time", MetricClass::kSpeed, {"ms", "s"}},
    {"layer_backward_time", MetricClass::kSpeed, {"ms", "s"}},
    {"mem_per_accel", MetricClass::kMemory, {"GB", "GiB"}},
    {"activation_memory", MetricClass::kMemory, {"GB", "GiB"}},
    {"activation_memory_rel", MetricClass::kMemory, {"%", "%"}},
    {"param_opt_memory", MetricClass::kMemory, {"GB", "GiB"}},
    {"avg_power_per_node", MetricClass::kPower, {"W", "kW"}},
    {"avg_power_per_node_dc", MetricClass::kPower, {"W", "kW"}},
    {"peak_power_per_node", MetricClass::kPower, {"W", "kW"}},
    {"energy", MetricClass::kNameplate, {"kWh", "MWh"}},
    {"energy_it", MetricClass::kEnergy, {"kWh", "MWh"}},
    {"energy_it_dc", MetricClass::kEnergy, {"kWh", "MWh"}},
    {"co2", MetricClass::kNameplate, {"kg", "t"}},
    {"accel_hours", MetricClass::kRun, {"h", "h"}},
    {"accel_hours_per_Ttoken", MetricClass::kRun, {"h", "h"}},
    {"time_to_train", MetricClass::kRun, {"min", "h"}},
    {"run_duration", MetricClass::kRun, {"s", "h"}},
    {"run_duration_days", MetricClass::kRun, {"day", "day"}},
};

const OtherMetric* FindOther(const std::string& metric) {
  const auto* found =
      std::find_if(std::begin(kOtherMetrics), std::end(kOtherMetrics),
                   [&](const OtherMetric& candidate) { return metric == candidate.name; });
  return found == std::end(kOtherMetrics) ? nullptr : found;
}

std::optional<double> Speed(const StepResult& step, const std::string& metric,
                            double sequence_length, const UtilisationConvention& convention) {
  const double seconds = step.duration.value();
  const double accelerators = step.accelerators;
  const double peak = convention.peak.value() > 0.0 ? convention.peak.value() : step.peak.value();
  const Flops counted = convention.model_flops_per_token
                            ? *convention.model_flops_per_token * step.tokens
                            : step.model_flops_full_attention;
  const double model = counted.value() / seconds / accelerators;
  const double hardware = step.hardware_flops_full_attention.value() / seconds / accelerators;
  if (metric == "iteration_time") return seconds;
  if (metric == "tokens_per_s_per_accel") return step.tokens / seconds / accelerators;
  if (metric == "tokens_per_s_total") return step.tokens / seconds;
  if (metric == "samples_per_s") return step.tokens / sequence_length / seconds;
  if (metric == "tflops_per_accel_hw") return hardware / kTera;
  if (metric == "tflops_per_accel_model") return model / kTera;
  if (metric == "hfu") return 100.0 * hardware / peak;
  if (metric == "mfu" && convention.flops_per_token > 0.0) {
    return 100.0 * convention.flops_per_token * step.tokens / seconds / accelerators / peak;
  }
  if (metric == "mfu") return 100.0 * model / peak;
  return std::nullopt;
}

}  // namespace

bool IsOfWholeStep(const std::string& metric) {
  return SpeedRank(metric) < static_cast<int>(kSpeedMetrics.size());
}

int SpeedRank(const std::string& metric) {
  for (size_t i = 0; i < kSpeedMetrics.size(); ++i) {
    if (metric == kSpeedMetrics[i].name) return static_cast<int>(i);
  }
  return static_cast<int>(kSpeedMetrics.size());
}

const char* MetricClassName(MetricClass kind) {
  constexpr std::array<const char*, 13> kNames = {
      "speed",       "memory",     "power", "energy", "run",     "nameplate", "other",
      "fixed batch", "throughput", "ttft",  "tpot",   "latency", "kernel"};
  return kNames[static_cast<int>(kind)];
}

bool IsRate(MetricClass kind, const std::string& metric) {
  if (kind == MetricClass::kSpeed) return !absl::EndsWith(metric, "_time");
  return kind == MetricClass::kFixedBatch || kind == MetricClass::kThroughput ||
         kind == MetricClass::kKernel;
}

bool IsJudgedApart(MetricClass kind) {
  return kind == MetricClass::kRun || kind == MetricClass::kNameplate;
}

MetricClass ClassOf(const std::string& metric) {
  if (IsOfWholeStep(metric)) return MetricClass::kSpeed;
  const OtherMetric* other = FindOther(metric);
  return other == nullptr ? MetricClass::kOther : other->kind;
}

absl::Status CheckUnit(const std::string& file, const Measurement& measurement) {
  std::vector<std::string> units;
  if (const int rank = SpeedRank(measurement.metric);
      rank < static_cast<int>(kSpeedMetrics.size())) {
    units = {kSpeedMetrics[rank].unit};
  } else if (const OtherMetric* other = FindOther(measurement.metric); other != nullptr) {
    units = {other->units[0]};
    if (other->units[1] != units[0]) units.emplace_back(other->units[1]);
  } else {
    return absl::OkStatus();
  }
  if (std::find(units.begin(), units.end(), measurement.unit) != units.end()) {
    return absl::OkStatus();
  }
  return InputError({file, measurement.line, "unit"}, absl::StrCat("'", measurement.unit, "'"),
                    absl::StrCat(measurement.metric, " is in ", absl::StrJoin(units, " or ")));
}

std::optional<double> SimulatedMetric(const StepResult& step, const Measurement& measurement,
                                      double sequence_length,
                                      const UtilisationConvention& convention) {
  const double gigabyte = measurement.unit == "GiB" ? kGibibyte : 1e9;
  const MemoryUse& memory = step.memory;
  if (measurement.metric == "mem_per_accel") return memory.Total().value() / gigabyte;
  if (measurement.metric == "activation_memory") return memory.activations.value() / gigabyte;
  if (measurement.metric == "param_opt_memory") {
    return (memory.weights + memory.gradients + memory.optimizer).value() / gigabyte;
  }
  return Speed(step, measurement.metric, sequence_length, convention);
}

}  // namespace fleetsim
