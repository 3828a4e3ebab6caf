// A measured serving point simulated, and its published metrics.
#ifndef SIM_VALIDATION_SERVING_RESULT_H_
#define SIM_VALIDATION_SERVING_RESULT_H_

#include <optional>

#include "sim/engine/network.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/validation/metric.h"
#include "sim/validation/serving_case.h"

namespace fleetsim {

// Rates of all instances together, a second; times in seconds. Zero: the load has none.
struct ServingResult {
  double output_rate = 0, input_rate = 0, request_rate = 0;
  double ttft_mean = 0, ttft_p99 = 0, tpot_mean = 0, tpot_p99 = 0, request_mean = 0;
  // Means over the run, W: accelerators and servers around them, without network and facility; one
  // accelerator, of fixed batches and single products. Zero: unknown.
  double system_power = 0, board_power = 0;
  double flops_rate = 0;  // of a single product, a second
  double accelerators = 0;
};

// On a fleet with room for it. `network`, loaded from any fleet, is its clock.
absl::StatusOr<ServingResult> SimulatePoint(const ServingTranslation& translation,
                                            const Fleet& fleet, const Catalog& catalog,
                                            Network& network);

// What a comparison of `metric` under this load is about; kOther: not simulated.
MetricClass ServingClassOf(const std::string& metric, const ServingLoad& load);

// In the metric's unit. Empty: not simulated.
std::optional<double> ServingMetric(const ServingResult& result, const std::string& metric);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SERVING_RESULT_H_
