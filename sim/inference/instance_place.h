// Where the instances of a serving job stand.
#ifndef SIM_INFERENCE_INSTANCE_PLACE_H_
#define SIM_INFERENCE_INSTANCE_PLACE_H_

#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

// Instances of one of the job's pools under one leaf: alike in all respects.
struct PoolPlace {
  int request = 0;                          // index into ServingJob::pools
  int leaf = 0;                             // index into Fleet::leaves
  std::vector<std::vector<int>> instances;  // hosts of each
};

// Pools take the fleet's hosts in file order, those with a stated number of instances first; an
// instance lies under one leaf, fills its hosts where it needs several, and shares one otherwise.
// With autoscaling, the most instances. Errors: an accelerator or cluster that is not there;
// Infeasible: no room, with how many instances there would be room for.
absl::StatusOr<std::vector<PoolPlace>> PlaceInstances(const ServingJob& job, const Fleet& fleet,
                                                      const Catalog& catalog);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_INSTANCE_PLACE_H_
