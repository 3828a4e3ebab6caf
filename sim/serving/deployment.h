// What serves: pools of equal instances behind a router.
#ifndef SIM_SERVING_DEPLOYMENT_H_
#define SIM_SERVING_DEPLOYMENT_H_

#include <limits>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/model/serving_job.h"
#include "sim/serving/engine_options.h"
#include "sim/serving/step.h"

namespace fleetsim {

struct RouterOptions {
  RoutePolicy policy = RoutePolicy::kFewestRequests;
  // A request waits at the router while every instance has so many unfinished ones; 0: no limit.
  int instance_limit = 0;
  // Requests that wait, at the router and in the instances, beyond which another one is refused;
  // 0: no limit.
  int max_waiting = 0;
};

// Instances come and go with the load.
struct Autoscaling {
  int min_instances = 0;         // 0: no autoscaling, all serve from the start
  double target_requests = 0.0;  // unfinished ones for each serving instance
  // Of the same: below so many, instances go. As soon as fewer suffice where it is infinite.
  double drain_requests = std::numeric_limits<double>::infinity();
  Seconds interval;  // between two decisions
  Seconds startup;   // from the decision to the first request
};

// Equal instances of one kind.
struct Pool {
  std::string name;
  PoolRole role = PoolRole::kBoth;
  const StepModel* model = nullptr;  // of one instance
  EngineOptions engine;
  // Of each instance: the hosts that it lies on. The most instances there are, with autoscaling.
  std::vector<std::vector<int>> instances;
  double weight = 1.0;  // how much load it takes beside instances of other pools
  // The most that one KV cache's transfer takes: the instance's share of its hosts' NICs; zero: as
  // much as the links carry.
  BytesPerSecond transfer_bandwidth;
  Autoscaling autoscaling;

  int size() const { return static_cast<int>(instances.size()); }
};

// An instance that dies at `date` and is back `repair` later. Its requests begin again elsewhere.
struct Outage {
  int instance = 0;  // counted through all pools
  Seconds date;
  Seconds repair;
};

struct Deployment {
  std::vector<Pool> pools;
  RouterOptions router;
  std::vector<Outage> outages;
};

// What about it makes no sense, if anything.
absl::Status CheckDeployment(const Deployment& deployment);

}  // namespace fleetsim

#endif  // SIM_SERVING_DEPLOYMENT_H_
