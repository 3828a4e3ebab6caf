#include "sim/validation/metric.h"

#include <array>

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

int SpeedRank(const std::string& metric) {
  for (size_t i = 0; i < kSpeedMetrics.size(); ++i) {
    if (metric == kSpeedMetrics[i].name) return static_cast<int>(i);
  }
  return static_cast<int>(kSpeedMetrics.size());
}

MetricClass ClassOf(const std::string& metric) {
  if (SpeedRank(metric) < static_cast<int>(kSpeedMetrics.size())) return MetricClass::kSpeed;
  const bool memory =
      metric == "mem_per_accel" || metric == "activation_memory" || metric == "param_opt_memory";
  return memory ? MetricClass::kMemory : MetricClass::kOther;
}

absl::Status CheckUnit(const std::string& file, const Measurement& measurement) {
  const Location where{file, measurement.line, "unit"};
  const std::string found = absl::StrCat("'", measurement.unit, "'");
  switch (ClassOf(measurement.metric)) {
    case MetricClass::kSpeed: {
      const char* unit = kSpeedMetrics[SpeedRank(measurement.metric)].unit;
      if (measurement.unit == unit) break;
      return InputError(where, found, absl::StrCat(measurement.metric, " is in ", unit));
    }
    case MetricClass::kMemory:
      if (measurement.unit == "GB" || measurement.unit == "GiB") break;
      return InputError(where, found, absl::StrCat(measurement.metric, " is in GB or GiB"));
    case MetricClass::kOther:
      break;
  }
  return absl::OkStatus();
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
