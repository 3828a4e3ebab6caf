// How often to save a run's state.
#ifndef SIM_RELIABILITY_INTERVAL_H_
#define SIM_RELIABILITY_INTERVAL_H_

#include "sim/base/units.h"

namespace fleetsim {

// Work between two checkpoints that makes a run the shortest, where each stops it for `pause` and
// failures come every `mean_time_between` on average: Daly 2006, eq. 37, whose first term is Young
// 1974's sqrt(2 x pause x mean_time_between).
Seconds OptimalInterval(Seconds pause, Seconds mean_time_between);

}  // namespace fleetsim

#endif  // SIM_RELIABILITY_INTERVAL_H_
