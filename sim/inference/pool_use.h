// How the instances of each pool spent a run: batch, cache, time by what it went to, and what
// limits them.
#ifndef SIM_INFERENCE_POOL_USE_H_
#define SIM_INFERENCE_POOL_USE_H_

#include <array>
#include <vector>

#include "sim/base/units.h"
#include "sim/inference/serving_plan.h"
#include "sim/serving/record.h"

namespace fleetsim {

// Of all instances of a pool together in one of kPoints equal parts of the run.
struct OccupancyPoint {
  double running = 0, waiting = 0;  // sequences
  double cache_ratio = 0;           // of the blocks, held by sequences
};
inline constexpr int kOccupancyPoints = 64;

struct PoolUse {
  std::int64_t steps = 0, preemptions = 0, deaths = 0;
  double cached_tokens = 0, recomputed_tokens = 0;
  // Summed over instances.
  Seconds on, busy, swapping, arithmetic, reading;
  std::array<Seconds, kStepParts> parts{};
  Joules energy;  // of the steps
  PhaseSum prefill, decode;
  std::vector<OccupancyPoint> points;  // over time, none where the run took none
  OccupancyPoint mean, most;
  double full_ratio = 0;  // of the time: requests waited while the cache was full

  // Prompts' share of the steps' time, and of their energy; `otherwise` where there were no steps.
  double PrefillTimeShare(double otherwise) const;
  double PrefillEnergyShare(double otherwise) const;
};

// One for each of the plan's pools.
std::vector<PoolUse> UseOfPools(const ServingPlan& plan, const ServingRecord& record);

// What the instances' time goes to, weighted by their accelerators; shares of it that sum to 1.
struct ServingLimits {
  double math = 0;       // matrix products and attention, as far as arithmetic takes them
  double bandwidth = 0;  // reading weights and caches, memory-bound kernels
  double cache = 0;      // the same while requests waited for room in the cache
  double network = 0;    // between accelerators
  double host = 0;
  double swapping = 0;
  double traffic = 0;  // no request to work on
};
ServingLimits LimitsOf(const ServingPlan& plan, const std::vector<PoolUse>& uses);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_POOL_USE_H_
