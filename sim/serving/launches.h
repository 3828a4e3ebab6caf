// Kernels that the host launches one by one in a step that does not run from a recorded graph.
#ifndef SIM_SERVING_LAUNCHES_H_
#define SIM_SERVING_LAUNCHES_H_

#include "sim/serving/instance_spec.h"

namespace fleetsim {

// Of all layers: the engine's for a dense layer, and what other kinds have beyond it. Counts:
// docs/serving.md, "The engine".
double LaunchesOf(const InstanceSpec& spec, const Device& device);

// Of a step from recorded graphs: none, or where the graphs are of pieces between attention what
// the host launches there.
double RecordedLaunchesOf(const InstanceSpec& spec);

}  // namespace fleetsim

#endif  // SIM_SERVING_LAUNCHES_H_
