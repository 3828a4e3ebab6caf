// Published figures of a part of a step: passes of one layer, activations relative to those of
// another configuration.
#ifndef SIM_VALIDATION_PART_METRIC_H_
#define SIM_VALIDATION_PART_METRIC_H_

#include <optional>
#include <string>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/training/spec.h"

namespace fleetsim {

// layer_forward_time, layer_backward_time: ms of one layer in the middle of the model for one
// micro-batch, what the backward pass computes again included. activation_memory_rel: % of the
// activations kept without recomputation and without sequence parallelism (Korthikanti et al. 2022,
// table 4 and figure 7). Empty for other metrics.
absl::StatusOr<std::optional<double>> SimulatedPartMetric(const TrainingSpec& spec,
                                                          const Fleet& fleet,
                                                          const Catalog& catalog,
                                                          const std::string& metric);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_PART_METRIC_H_
