#include "sim/inference/pool_use.h"

#include <algorithm>
#include <utility>

namespace fleetsim {
namespace {

// Admission keeps some blocks free and a sequence takes several at once: a cache above this is one
// that the next request does not fit in.
constexpr double kFullCache = 0.9;
constexpr double kWaiting = 0.5;  // requests in the mean of an interval

// Adds the part of each of the history's intervals to the points that it overlaps.
void AddHistory(const OccupancyHistory& history, Seconds end, double blocks,
                std::vector<OccupancyPoint>& points) {
  const Seconds width = end / static_cast<double>(kOccupancyPoints);
  for (int i = 0; i < history.size(); ++i) {
    const Occupancy mean = history.Mean(i);
    const Seconds begin = history.width() * i;
    const Seconds until = Min(history.width() * (i + 1.0), end);
    for (int p = static_cast<int>(begin / width); p < kOccupancyPoints; ++p) {
      const Seconds overlap = Min(until, width * (p + 1.0)) - Max(begin, width * p);
      if (overlap <= Seconds()) break;
      const double share = overlap / width;
      points[p].running += share * mean.running;
      points[p].waiting += share * (mean.requests - mean.running);
      points[p].cache_ratio += share * mean.blocks / blocks;
    }
  }
}

void AddInstance(const InstanceRecord& record, PoolUse& use) {
  use.steps += record.steps;
  use.preemptions += record.preemptions;
  use.deaths += record.deaths;
  use.cached_tokens += static_cast<double>(record.cached_tokens);
  use.recomputed_tokens += static_cast<double>(record.recomputed_tokens);
  use.on += record.on;
  use.busy += record.busy;
  use.swapping += record.swapping;
  use.arithmetic += record.arithmetic;
  use.reading += record.reading;
  for (int i = 0; i < kStepParts; ++i) use.parts[i] += record.parts[i];
  use.energy += record.energy;
  for (const auto& [sum, part] :
       {std::pair{&use.prefill, &record.prefill}, std::pair{&use.decode, &record.decode}}) {
    sum->time += part->time;
    sum->energy += part->energy;
    sum->tokens += part->tokens;
  }
}

void AddPoints(PoolUse& use) {
  const double share = 1.0 / static_cast<double>(use.points.size());
  for (const OccupancyPoint& point : use.points) {
    use.mean.running += share * point.running;
    use.mean.waiting += share * point.waiting;
    use.mean.cache_ratio += share * point.cache_ratio;
    use.most.running = std::max(use.most.running, point.running);
    use.most.waiting = std::max(use.most.waiting, point.waiting);
    use.most.cache_ratio = std::max(use.most.cache_ratio, point.cache_ratio);
    const bool full = point.cache_ratio > kFullCache && point.waiting > kWaiting;
    use.full_ratio += full ? share : 0.0;
  }
}

Seconds TimeOf(const PoolUse& use, StepPart part) { return use.parts[static_cast<int>(part)]; }

}  // namespace

double PoolUse::PrefillTimeShare(double otherwise) const {
  const Seconds sum = prefill.time + decode.time;
  return sum > Seconds() ? prefill.time / sum : otherwise;
}

double PoolUse::PrefillEnergyShare(double otherwise) const {
  const Joules sum = prefill.energy + decode.energy;
  return sum > Joules() ? prefill.energy / sum : PrefillTimeShare(otherwise);
}

std::vector<PoolUse> UseOfPools(const ServingPlan& plan, const ServingRecord& record) {
  std::vector<PoolUse> uses(plan.pools.size());
  for (const InstanceRecord& instance : record.instances) {
    AddInstance(instance, uses[instance.pool]);
  }
  if (record.end <= Seconds()) return uses;
  for (PoolUse& use : uses) use.points.resize(kOccupancyPoints);
  for (const InstanceRecord& instance : record.instances) {
    const Pool& pool = plan.deployment.pools[instance.pool];
    const double blocks = static_cast<double>(pool.engine.blocks) * pool.engine.attention_ranks *
                          static_cast<double>(pool.size());
    AddHistory(instance.history, record.end, blocks, uses[instance.pool].points);
  }
  for (PoolUse& use : uses) AddPoints(use);
  return uses;
}

ServingLimits LimitsOf(const ServingPlan& plan, const std::vector<PoolUse>& uses) {
  ServingLimits limits;
  Seconds all;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const PoolUse& use = uses[i];
    const double weight = plan.pools[i].AcceleratorsOfInstance();
    all += weight * use.on;
    const Seconds core = TimeOf(use, StepPart::kMatrix) + TimeOf(use, StepPart::kAttention);
    const Seconds split = use.arithmetic + use.reading;
    const double math = split > Seconds() ? use.arithmetic / split : 0.5;
    const Seconds bandwidth = core * (1 - math) + TimeOf(use, StepPart::kMemory);
    const auto add = [&](double& share, Seconds time) { share += weight * time.value(); };
    add(limits.math, core * math);
    add(limits.bandwidth, bandwidth * (1 - use.full_ratio));
    add(limits.cache, bandwidth * use.full_ratio);
    add(limits.network, TimeOf(use, StepPart::kCommunication));
    add(limits.host, TimeOf(use, StepPart::kHost));
    limits.swapping += weight * use.swapping.value();
    limits.traffic += weight * Max(Seconds(), use.on - use.busy).value();
  }
  if (all <= Seconds()) return limits;
  for (double* share : {&limits.math, &limits.bandwidth, &limits.cache, &limits.network,
                        &limits.host, &limits.swapping, &limits.traffic}) {
    *share /= all.value();
  }
  return limits;
}

}  // namespace fleetsim
