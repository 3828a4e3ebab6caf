// A serving job on a fleet, ready to be simulated: who stands where, what a step costs, how much
// cache there is.
#ifndef SIM_INFERENCE_SERVING_PLAN_H_
#define SIM_INFERENCE_SERVING_PLAN_H_

#include <memory>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/inference/instance_place.h"
#include "sim/model/serving_job.h"
#include "sim/serving/deployment.h"
#include "sim/serving/kv_capacity.h"
#include "sim/serving/step_model.h"
#include "sim/training/result.h"

namespace fleetsim {

// One pool of the deployment: instances of a job's pool under one leaf.
struct PlannedPool {
  PoolPlace place;
  InstanceSpec spec;
  KvCapacity capacity;  // of one accelerator
  Bytes kv_token;       // of one cached token, each key and value once
  std::unique_ptr<InstanceModel> model;

  int AcceleratorsOfInstance() const { return spec.layout.Accelerators(); }
  int Accelerators() const {
    return AcceleratorsOfInstance() * static_cast<int>(place.instances.size());
  }
};

struct ServingPlan {
  std::vector<PlannedPool> pools;  // the deployment's, in its order
  Deployment deployment;           // without outages
  // Of every request outside the instances: the engine's frontend and the router.
  Seconds frontend;
  std::vector<Assumption> assumptions;

  int Accelerators() const;
  int Instances() const;
};

// `job` and `catalog` must outlive the plan. Errors: an unknown engine, formats that nobody can
// compute with; Infeasible: what cannot be placed or does not fit.
absl::StatusOr<ServingPlan> PlanServing(const ServingJob& job, const Fleet& fleet,
                                        const Catalog& catalog);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_SERVING_PLAN_H_
