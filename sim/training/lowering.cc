#include "sim/training/lowering.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sim/base/check.h"
#include "sim/parallel/schedule.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/stage_program.h"

namespace fleetsim {
namespace {

std::vector<Group> TiedGroups(const TrainingSpec& spec, const Placement& placement) {
  std::vector<Group> groups;
  if (TiedParametersAcrossStages(*spec.model, spec.strategy) == 0.0) return groups;
  for (int replica = 0; replica < placement.replicas; ++replica) {
    groups.push_back({.workers = {placement.WorkerOf(0, replica),
                                  placement.WorkerOf(placement.stages - 1, replica)},
                      .lanes = spec.strategy.tensor});
  }
  return groups;
}

// Runs of size x stride replicas, every stride-th of a run in one group.
std::vector<Group> RegularGroups(const GroupShape& shape, const Placement& placement) {
  std::vector<Group> groups;
  if (shape.size == 0) return groups;
  const int run = shape.size * shape.stride;
  for (int stage = 0; stage < placement.stages; ++stage) {
    for (int first = 0; first < placement.replicas; ++first) {
      if (first % run >= shape.stride) continue;
      Group group{.workers = {}, .lanes = shape.lanes, .ranks_per_worker = shape.ranks_per_worker};
      for (int i = 0; i < shape.size; ++i) {
        group.workers.push_back(placement.WorkerOf(stage, first + i * shape.stride));
      }
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

// Experts are dealt out to a stage's accelerators in order: those an expert is cut over next to
// each other, then the expert ranks (Megatron-Core, parallel_state.py). `strategy.expert` ranks of
// a group come `strategy.expert_tensor` accelerators apart.
GroupShape ExpertShape(const Strategy& strategy) {
  if (strategy.expert <= 1) return {};
  const int span = strategy.expert * strategy.expert_tensor;
  const int ranks = std::min(strategy.expert, strategy.tensor / strategy.expert_tensor);
  return {.size = std::max(1, span / strategy.tensor),
          .lanes = std::min(strategy.tensor, span) / ranks,
          .ranks_per_worker = ranks};
}

// Every span-th accelerator of a stage holds the same experts. Of runs of `replicas`.
GroupShape ExpertDataShape(const Strategy& strategy, int replicas) {
  const int span = strategy.expert * strategy.expert_tensor;
  const int stride = std::max(1, span / strategy.tensor);
  const int ranks = std::max(1, strategy.tensor / span);
  return {.size = replicas / stride,
          .stride = stride,
          .lanes = strategy.tensor / ranks,
          .ranks_per_worker = ranks};
}

// A folded program keeps of each group only its workers of replica 0, which are numbered by stage.
std::vector<Group> Fold(const std::vector<Group>& groups, const Placement& placement) {
  std::vector<Group> folded;
  for (const Group& group : groups) {
    Group kept{.workers = {}, .lanes = group.lanes, .ranks_per_worker = group.ranks_per_worker};
    for (int worker : group.workers) {
      if (worker % placement.replicas == 0) kept.workers.push_back(worker / placement.replicas);
    }
    if (!kept.workers.empty()) folded.push_back(std::move(kept));
  }
  return folded;
}

// The next host on the ring of context ranks that the worker is one of; -1: it is on one host.
int NextContextHost(const TrainingSpec& spec, const Placement& placement, int worker) {
  const int ranks = spec.strategy.context;
  const int first = worker / ranks * ranks;
  for (int i = 1; i < ranks; ++i) {
    const int next = first + (worker - first + i) % ranks;
    if (placement.workers[next].host != placement.workers[worker].host) {
      return placement.workers[next].host;
    }
  }
  return -1;
}

int WorkersOnHost(const Placement& placement, int host) {
  return static_cast<int>(
      std::count_if(placement.workers.begin(), placement.workers.end(),
                    [host](const WorkerPlace& place) { return place.host == host; }));
}

void AddWorkers(Program& program, const TrainingSpec& spec, const Placement& placement,
                bool folded) {
  const int stages = placement.stages;
  const int replicas = folded ? 1 : placement.replicas;
  const std::vector<Worker> all = WorkersOf(spec, placement);
  for (int stage = 0; stage < stages; ++stage) {
    for (int replica = 0; replica < replicas; ++replica) {
      const auto index = [&](int of_stage) { return of_stage * replicas + replica; };
      const int number = placement.WorkerOf(stage, replica);
      Worker worker = all[number];
      worker.peers = {index((stage + stages - 1) % stages), index((stage + 1) % stages)};
      worker.groups = std::vector<int>(kGroupKinds, -1);
      worker.exchange_host = NextContextHost(spec, placement, number);
      if (folded) worker.stands_for = WorkersOnHost(placement, worker.host);
      program.workers.push_back(std::move(worker));
    }
  }
}

void AddGroups(Program& program, const TrainingSpec& spec, const Placement& placement,
               bool folded) {
  for (GroupKind kind : {GroupKind::kData, GroupKind::kShard, GroupKind::kTied, GroupKind::kExpert,
                         GroupKind::kExpertData, GroupKind::kExpertShard, GroupKind::kAcross}) {
    std::vector<Group> groups = GroupsOf(spec, placement, kind);
    if (folded) groups = Fold(groups, placement);
    for (Group& group : groups) {
      for (int worker : group.workers) {
        program.workers[worker].groups[static_cast<int>(kind)] =
            static_cast<int>(program.groups.size());
      }
      program.groups.push_back(std::move(group));
    }
  }
}

}  // namespace

GroupShape ShapeOf(const TrainingSpec& spec, GroupKind kind) {
  const Strategy& strategy = spec.strategy;
  const int replicas = strategy.data * strategy.context;
  const int shards = strategy.optimizer_shards;  // replicas next to each other
  switch (kind) {
    case GroupKind::kData:
      if (replicas > 1) return {.size = replicas, .lanes = strategy.tensor};
      break;
    case GroupKind::kShard:
      if (shards > 1) return {.size = shards, .lanes = strategy.tensor};
      break;
    case GroupKind::kAcross:
      if (!strategy.IsHybrid()) break;
      return {.size = replicas / shards, .stride = shards, .lanes = strategy.tensor};
    case GroupKind::kExpert:
      return ExpertShape(strategy);
    case GroupKind::kExpertData:
      if (!spec.model->experts || strategy.ExpertReplicas() <= 1) break;
      return ExpertDataShape(strategy, replicas);
    case GroupKind::kExpertShard:
      if (!spec.model->experts || strategy.ExpertOptimizerShards() <= 1) break;
      return ExpertDataShape(strategy, shards);
    case GroupKind::kTied:
      break;
  }
  return {};
}

std::vector<Group> GroupsOf(const TrainingSpec& spec, const Placement& placement, GroupKind kind) {
  if (kind == GroupKind::kTied) return TiedGroups(spec, placement);
  return RegularGroups(ShapeOf(spec, kind), placement);
}

std::vector<Group> GroupsOf(const TrainingSpec& spec, const Placement& placement, RankGroup kind) {
  const bool tensor = kind == RankGroup::kTensor;
  const int size = tensor ? 1 : spec.strategy.context;
  std::vector<Group> groups;
  for (int first = 0; first < static_cast<int>(placement.workers.size()); first += size) {
    Group group{.workers = {},
                .lanes = tensor ? 1 : spec.strategy.tensor,
                .ranks_per_worker = tensor ? spec.strategy.tensor : 1};
    for (int i = 0; i < size; ++i) group.workers.push_back(first + i);
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<Worker> WorkersOf(const TrainingSpec& spec, const Placement& placement) {
  std::vector<Worker> workers;
  for (const WorkerPlace& place : placement.workers) {
    workers.push_back(
        {.host = place.host, .accelerators = spec.strategy.tensor, .hosts = place.hosts});
  }
  return workers;
}

Bytes PipelineTransferBytes(const TrainingSpec& spec) {
  constexpr double kActivationBytes = 2.0;
  const double activation =
      spec.Shard().Tokens() * spec.model->hidden * spec.model->residual_streams * kActivationBytes;
  // Without either optimisation every tensor rank sends the whole activation to its counterpart
  // (Narayanan et al. 2021, section 4.1).
  const bool divided = spec.strategy.sequence_parallel || spec.stack->scatter_gather_pipeline;
  return Bytes(divided ? activation : activation * spec.strategy.tensor);
}

Program LowerStep(const TrainingSpec& spec, const Placement& placement, const WorkerKinds& kinds,
                  const NetworkTimes* folded, const StageExchangeTimes& exchanges) {
  Program program;
  AddWorkers(program, spec, placement, folded != nullptr);
  AddGroups(program, spec, placement, folded != nullptr);
  std::map<std::pair<int, int>, int> op_lists;  // by stage and hardware kind
  const auto list_of = [&](int stage, int kind) {
    const auto [found, is_new] =
        op_lists.emplace(std::pair(stage, kind), static_cast<int>(program.op_lists.size()));
    if (is_new) {
      WorkerHardware hardware = kinds.hardware[kind];
      if (exchanges) {
        hardware.exchanges = [&exchanges, stage, kind](const RankExchange& exchange) {
          return exchanges(stage, kind, exchange);
        };
      }
      program.op_lists.push_back(
          StageOps(spec, hardware, stage, placement.replicas, folded, program));
    }
    return found->second;
  };
  const int replicas = folded ? 1 : placement.replicas;
  for (int i = 0; i < static_cast<int>(program.workers.size()); ++i) {
    const int stage = i / replicas;
    const int kind = kinds.kind[placement.WorkerOf(stage, i % replicas)];
    Worker& worker = program.workers[i];
    worker.op_list = list_of(stage, kind);
    if (kinds.nominal.empty() || kinds.nominal[kind] == kind) continue;
    worker.nominal_op_list = list_of(stage, kinds.nominal[kind]);
    // The hardware decides how long ops take, never which there are.
    FLEETSIM_CHECK(program.op_lists[worker.nominal_op_list].ops.size() ==
                   program.op_lists[worker.op_list].ops.size());
  }
  return program;
}

}  // namespace fleetsim
