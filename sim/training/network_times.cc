#include "sim/training/network_times.h"

#include "sim/engine/group_placement.h"

namespace fleetsim {

PatternTimes::PatternTimes(const TrainingSpec& spec, const Placement& placement, const Fleet& fleet,
                           Simulation& simulation)
    : spec_(spec), placement_(placement), fleet_(fleet), simulation_(simulation) {
  for (const WorkerPlace& place : placement.workers) {
    workers_.workers.push_back({.host = place.host, .accelerators = spec.strategy.tensor});
  }
}

void PatternTimes::Collective(GroupKind kind, int stage, CollectiveSpec& collective) {
  const Measured& measured = Measure(kind, collective);
  collective.fixed_duration = measured.duration;
  const auto sent = measured.sent.find(placement_.workers[placement_.WorkerOf(stage, 0)].host);
  if (sent != measured.sent.end()) collective.nic_bytes = sent->second;
}

const PatternTimes::Measured& PatternTimes::Measure(GroupKind kind,
                                                    const CollectiveSpec& collective) {
  const auto [known, is_new] = collectives_.try_emplace(
      std::tuple(kind, collective.kind, collective.bytes.value(), collective.repeats,
                 collective.exchange, collective.network_share));
  Measured& measured = known->second;
  if (!is_new) return measured;
  std::vector<GroupPlacement>& places = places_[kind];
  if (places.empty()) {
    for (const Group& group : GroupsOf(spec_, placement_, kind)) {
      places.push_back(simulation_.Place(workers_, group));
    }
  }
  std::vector<CollectivePlan> plans;
  plans.reserve(places.size());
  for (const GroupPlacement& place : places) {
    plans.push_back(PlanSpec(collective, place));
    for (const HostFlow& flow : plans.back().flows) measured.sent[flow.source] += flow.bytes;
  }
  measured.duration = Run(plans);
  return measured;
}

Seconds PatternTimes::Transfer(int from_stage, int to_stage, Bytes bytes) {
  std::vector<CollectivePlan> plans;
  for (int replica = 0; replica < placement_.replicas; ++replica) {
    const Worker& from = workers_.workers[placement_.WorkerOf(from_stage, replica)];
    const Worker& to = workers_.workers[placement_.WorkerOf(to_stage, replica)];
    if (from.host == to.host) {
      plans.push_back({.flows = {}, .local_floor = SameHostTransferTime(fleet_, from, to, bytes)});
    } else {
      plans.push_back({.flows = {{from.host, to.host, bytes, PointToPointRate(fleet_, from, to)}}});
    }
  }
  return Run(plans);
}

Seconds PatternTimes::Run(const std::vector<CollectivePlan>& plans) {
  if (!status_.ok()) return Seconds(0.0);
  const absl::StatusOr<Seconds> time = simulation_.RunPattern(plans);
  if (time.ok()) return *time;
  status_ = time.status();
  return Seconds(0.0);
}

}  // namespace fleetsim
