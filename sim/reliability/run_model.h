// A training run of many steps on hardware that fails, in numbers: everything that the simulation
// of it needs and nothing else.
#ifndef SIM_RELIABILITY_RUN_MODEL_H_
#define SIM_RELIABILITY_RUN_MODEL_H_

#include <limits>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace fleetsim {

inline constexpr Seconds kNever{std::numeric_limits<double>::infinity()};

// Something that stops the job unexpectedly.
struct StopCause {
  std::string name;
  Seconds mean_time_between;  // of the whole job while it runs; kNever: not at all
  double shape = 1.0;         // Weibull; 1: exponential
  Seconds detection;          // from the fault to the end of diagnosis, nothing is computed
  int pool = -1;              // HostPool that loses a host until it is repaired; -1: none does
};

// Hosts of one kind: those of the job and its spares.
struct HostPool {
  std::string name;  // the accelerator's
  int hosts = 0;     // that the job needs
  int spares = 0;
  bool always_replaced = false;    // a replacement is always at hand: spares are not counted
  double replicas_per_host = 1.0;  // data-parallel replicas that one missing host leaves out
};

struct CheckpointPlan {
  Bytes bytes;
  int steps_between = 0;  // 0: none is ever written
  Seconds pause;          // training stands still
  Seconds write;          // from the pause's start until it can be restarted from; >= pause
};

struct RunModel {
  double steps = 1;
  Seconds step_time;
  CheckpointPlan checkpoint;
  std::vector<StopCause> causes;
  std::vector<HostPool> pools;
  Seconds restart;  // processes, communicators, loading the checkpoint
  Seconds repair;   // of a host
  // Goes on with the replicas that are left where no host replaces a lost one.
  bool elastic = false;
  int replicas = 1;
  Seconds planned_interval = kNever;  // calendar time between planned stops
  Seconds planned_stop;               // without the checkpoint before and the restart after it

  // Speeds of hosts are normal around 1 with this standard deviation; everybody waits for the
  // slowest of `spread_hosts` with the share `synchronous_share` of a step that computes.
  double speed_spread = 0.0;
  int spread_hosts = 1;
  double synchronous_share = 1.0;
};

// Step time over that without stragglers, where a share `p` in (0, 1) of fleets is better off.
double StragglerSlowdown(const RunModel& model, double p);

// Of the whole job while it runs, all causes together; kNever where nothing stops it.
Seconds MeanTimeBetweenStops(const RunModel& model);

}  // namespace fleetsim

#endif  // SIM_RELIABILITY_RUN_MODEL_H_
