// One run from its first step to its last, with what goes wrong on the way.
#ifndef SIM_RELIABILITY_SIMULATE_RUN_H_
#define SIM_RELIABILITY_SIMULATE_RUN_H_

#include <cstdint>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/reliability/run_model.h"

namespace fleetsim {

// Where the calendar time goes. The parts sum to it.
struct Ladder {
  Seconds planned_stops;   // with the checkpoint before and the restart after each
  Seconds detection;       // nobody has seen yet that the job hangs, or what has failed
  Seconds waiting;         // for a host: no spare
  Seconds restart;         // that succeed and that fail
  Seconds checkpoints;     // training stands still
  Seconds lost_work;       // computed, and lost with a failure
  Seconds fewer_replicas;  // steps take longer on the replicas that are left
  Seconds stragglers;      // steps take longer for the slowest host
  Seconds productive;      // steps x step time

  Seconds Calendar() const { return Scheduled() + planned_stops; }
  Seconds Scheduled() const { return Up() + detection + waiting + restart; }
  Seconds Up() const { return Computing() + checkpoints; }
  // The accelerators are at work on steps.
  Seconds Computing() const { return productive + stragglers + fewer_replicas + lost_work; }
  Ladder& operator+=(const Ladder& other);
  Ladder operator*(double factor) const;
};

struct RunSample {
  Ladder ladder;
  Seconds calendar;        // from the first step to the last one, by the run's own clock
  std::vector<int> stops;  // unexpected ones, by cause
  int planned_stops = 0;
};

// Failures strike while the job computes, writes a checkpoint or restarts; the same seed gives the
// same run. Fails (Infeasible) where failures come faster than work can be saved.
absl::StatusOr<RunSample> SimulateRun(const RunModel& model, std::uint64_t seed);

}  // namespace fleetsim

#endif  // SIM_RELIABILITY_SIMULATE_RUN_H_
