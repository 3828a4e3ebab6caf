// What one per cent of a resource is worth to a step.
#ifndef SIM_TRAINING_SENSITIVITY_H_
#define SIM_TRAINING_SENSITIVITY_H_

#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/training/step.h"

namespace fleetsim {

struct ResourceWorth {
  std::string resource;
  double gain = 0;  // relative gain in speed for 1 % more: 0.01 is all of it
};

// By simulating with 1 % less of each: peak, memory bandwidth, scale-up, NICs. `fleet` must be the
// simulation's; it is changed meanwhile and restored.
absl::StatusOr<std::vector<ResourceWorth>> MeasureSensitivities(const TrainingSpec& spec,
                                                                const StepResult& base,
                                                                Fleet& fleet,
                                                                const Catalog& catalog,
                                                                Simulation& simulation);

}  // namespace fleetsim

#endif  // SIM_TRAINING_SENSITIVITY_H_
