// A training step's time in closed form, from the same kernel and collective models: what search
// ranks strategies by before the simulator judges the best of them.
#ifndef SIM_PLAN_ESTIMATE_H_
#define SIM_PLAN_ESTIMATE_H_

#include "sim/base/units.h"
#include "sim/hardware/fleet.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Slowest stage x micro-batches, the bubble (p - 1) / v of one (Narayanan et al. 2021,
// section 2.2), data-parallel communication that the last backward pass does not hide, optimizer.
// `hardware` of the fleet's first leaf; the network idle and without contention.
Seconds EstimateStep(const TrainingSpec& spec, const WorkerHardware& hardware, const Fleet& fleet);

}  // namespace fleetsim

#endif  // SIM_PLAN_ESTIMATE_H_
