#include "sim/training/network_times.h"

#include <algorithm>
#include <utility>

#include "sim/engine/group_placement.h"

namespace fleetsim {

PatternTimes::PatternTimes(const TrainingSpec& spec, const Placement& placement,
                           const WorkerKinds& kinds, const Fleet& fleet, Simulation& simulation)
    : spec_(spec),
      placement_(placement),
      fleet_(fleet),
      simulation_(simulation),
      kinds_(kinds.kind) {
  workers_.workers = WorkersOf(spec, placement);
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
      for (int part = 0; part < PartsOf(workers_, group); ++part) {
        places.push_back(simulation_.Place(workers_, group, part));
      }
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
      plans.push_back({.flows = TransferFlows(fleet_, from, to, bytes)});
    }
  }
  return Run(plans);
}

Communication PatternTimes::Exchange(int stage, int kind, const RankExchange& exchange) {
  const std::vector<Communication>& all = ExchangeOfGroups(exchange);
  if (!status_.ok()) return {};
  const int size = static_cast<int>(placement_.workers.size() / all.size());
  const int first = placement_.WorkerOf(stage, 0) / size;
  const int end = placement_.WorkerOf(stage + 1, 0) / size;
  const auto over_groups = [&](bool of_kind) {
    Communication slowest;
    int groups = 0;
    for (int i = first; i < end; ++i) {
      const auto worker = kinds_.begin() + static_cast<std::ptrdiff_t>(i) * size;
      if (of_kind && std::find(worker, worker + size, kind) == worker + size) continue;
      slowest.time = Max(slowest.time, all[i].time);
      slowest.nic_bytes += all[i].nic_bytes;
      ++groups;
    }
    slowest.nic_bytes = slowest.nic_bytes / std::max(1, groups);
    return std::pair(slowest, groups);
  };
  const auto [found, groups] = over_groups(true);
  return groups > 0 ? found : over_groups(false).first;
}

const std::vector<Communication>& PatternTimes::ExchangeOfGroups(const RankExchange& exchange) {
  const auto [known, is_new] = exchanges_.try_emplace(exchange);
  if (!is_new) return known->second;
  const std::vector<Group> groups = GroupsOf(spec_, placement_, exchange.group);
  std::vector<CollectivePlan> plans;
  plans.reserve(groups.size());
  for (const Group& group : groups) plans.push_back(PlanExchange(exchange, group));
  const absl::StatusOr<std::vector<Seconds>> times = simulation_.TimesInPattern(plans);
  if (!times.ok()) status_.Update(times.status());
  for (std::size_t i = 0; i < plans.size(); ++i) {
    Bytes sent;
    for (const HostFlow& flow : plans[i].flows) sent += flow.bytes;
    known->second.push_back({times.ok() ? (*times)[i] : Seconds(),
                             sent / static_cast<double>(groups[i].workers.size())});
  }
  return known->second;
}

CollectivePlan PatternTimes::PlanExchange(const RankExchange& exchange, const Group& group) const {
  if (!exchange.kind) return PlanRing(exchange.bytes, group);
  CollectivePlan plan;
  for (int part = 0; part < PartsOf(workers_, group); ++part) {
    plan = SideBySide(plan, PlanCollective(*exchange.kind, exchange.bytes,
                                           simulation_.Place(workers_, group, part)));
  }
  return plan;
}

// Every rank's `bytes` to the next rank, over the links of the host or through the NICs.
CollectivePlan PatternTimes::PlanRing(Bytes bytes, const Group& group) const {
  CollectivePlan plan;
  const Bytes of_worker = bytes * group.lanes;
  for (std::size_t i = 0; i < group.workers.size(); ++i) {
    const Worker& from = workers_.workers[group.workers[i]];
    const Worker& to = workers_.workers[group.workers[(i + 1) % group.workers.size()]];
    CollectivePlan step;
    if (from.host == to.host) {
      step.local_floor = SameHostTransferTime(fleet_, from, to, of_worker);
    } else {
      step.flows = TransferFlows(fleet_, from, to, of_worker);
      const Fabric* fabric = fleet_.LeafOf(from.host).scale_out;
      if (fabric != nullptr) step.latency = fabric->base_latency;
    }
    plan = SideBySide(std::move(plan), step);
  }
  return plan;
}

Seconds PatternTimes::Run(const std::vector<CollectivePlan>& plans) {
  if (!status_.ok()) return Seconds(0.0);
  const absl::StatusOr<Seconds> time = simulation_.RunPattern(plans);
  if (time.ok()) return *time;
  status_ = time.status();
  return Seconds(0.0);
}

}  // namespace fleetsim
