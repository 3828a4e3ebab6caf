// The fastest strategies for a job on a fleet, by closed-form estimate.
#ifndef SIM_PLAN_SEARCH_H_
#define SIM_PLAN_SEARCH_H_

#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/model/job.h"
#include "sim/training/spec.h"

namespace fleetsim {

struct Candidate {
  TrainingSpec spec;
  Seconds estimate;
};

// Strategies that the simulator should judge: the closed form leaves out what several groups on one
// network cost each other.
inline constexpr int kShortList = 4;

// At most `limit` candidates of StrategyRequests() with the stack's ZeRO stages, the fastest first;
// only what fits in memory. Infeasible where nothing does, with the breakdown of the one that needs
// least and the smallest change of recomputation or ZeRO stage with which one fits.
absl::StatusOr<std::vector<Candidate>> SearchStrategies(const Job& job, const Fleet& fleet,
                                                        const Catalog& catalog, int limit);

}  // namespace fleetsim

#endif  // SIM_PLAN_SEARCH_H_
