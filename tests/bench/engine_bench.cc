// The executor at the size the project promises: every worker of a large pipeline-parallel job.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "sim/base/check.h"
#include "sim/engine/simulation.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/parallel/schedule.h"
#include "sim/platform/read.h"

namespace fleetsim {
namespace {

constexpr int kStages = 16, kVirtualStages = 8, kMicroBatches = 16;
constexpr double kActivationBytes = 64e6;
constexpr std::int16_t kPrevious = 0, kNext = 1;

template <class T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) std::cerr << value.status() << "\n", std::exit(1);
  return *std::move(value);
}

// SimGrid allows one engine a process: all benchmarks share it, on 2,048 hosts in a tree of three
// levels.
Simulation& SharedSimulation() {
  static const std::string kPlatforms = std::string(FLEETSIM_SOURCE_DIR) + "/platforms/";
  static const Catalog catalog = Must(ReadCatalog(kPlatforms + "catalog"));
  static const Fleet fleet = Must(ReadFleet(kPlatforms + "h100-16k-ndr.xml", catalog));
  static const std::unique_ptr<Simulation> simulation = Must(Simulation::Load(fleet));
  return *simulation;
}

// Ops of one pipeline rank: a receive, a compute and a send for each pass, then the gradients'
// reduce-scatter and the parameters' all-gather.
class StageOps {
 public:
  explicit StageOps(int stage) : stage_(stage) {
    for (const Pass& pass : PipelineOrder(stage, kStages, kVirtualStages, kMicroBatches)) Add(pass);
    const int last = static_cast<int>(list_.ops.size()) - 1;
    list_.ops.push_back({.kind = OpKind::kCollective, .group = 0, .collective = 0});
    list_.ops.push_back(
        {.kind = OpKind::kCollective, .group = 0, .collective = 1, .after = {last + 1, -1}});
  }
  OpList list() const { return list_; }

 private:
  void Add(const Pass& pass) {
    // Chunk c of the model is virtual stage c / kStages of rank c % kStages.
    const int chunk = pass.virtual_stage * kStages + stage_;
    const int last_chunk = kStages * kVirtualStages - 1;
    const bool receives = pass.backward ? chunk < last_chunk : chunk > 0;
    const bool sends = pass.backward ? chunk > 0 : chunk < last_chunk;
    const std::int16_t from = pass.backward ? kNext : kPrevious;
    const std::int16_t to = pass.backward ? kPrevious : kNext;
    const int direction = pass.backward ? 1 : 0;
    int received = -1;
    if (receives) {
      received = Push({.kind = OpKind::kRecv,
                       .stream = static_cast<std::uint8_t>(1 + direction),
                       .peer = from,
                       .channel = 2 * chunk + direction});
    }
    const int computed =
        Push({.kind = OpKind::kCompute, .work = direction, .after = {received, -1}});
    if (!sends) return;
    const int peer_chunk = pass.backward ? chunk - 1 : chunk + 1;
    Push({.kind = OpKind::kSend,
          .stream = static_cast<std::uint8_t>(3 + direction),
          .peer = to,
          .channel = 2 * peer_chunk + direction,
          .bytes = kActivationBytes,
          .after = {computed, -1}});
  }
  int Push(const Op& op) {
    list_.ops.push_back(op);
    return static_cast<int>(list_.ops.size()) - 1;
  }

  int stage_;
  OpList list_;
};

Work PlainWork(double seconds, Part part) {
  Work work;
  work.duration = work.parts[static_cast<int>(part)] = Seconds(seconds);
  work.activities[static_cast<int>(Activity::kMatrix)] = Seconds(seconds);
  return work;
}

// Workers on hosts in Megatron's order: replicas of a stage are neighbours.
Program Step(int workers) {
  const int replicas = workers / kStages;
  Program program;
  program.works = {PlainWork(0.010, Part::kForward), PlainWork(0.021, Part::kBackward)};
  program.collectives = {{CollectiveKind::kReduceScatter, Bytes(6e9)},
                         {CollectiveKind::kAllGather, Bytes(3e9)}};
  for (int stage = 0; stage < kStages; ++stage) {
    program.op_lists.push_back(StageOps(stage).list());
    program.groups.push_back({.lanes = 8});
    for (int replica = 0; replica < replicas; ++replica) {
      const int worker = stage * replicas + replica;
      const auto neighbour = [&](int to) { return (to + kStages) % kStages * replicas + replica; };
      program.workers.push_back(
          {worker, 8, stage, {neighbour(stage - 1), neighbour(stage + 1)}, {stage}});
      program.groups.back().workers.push_back(worker);
    }
  }
  return program;
}

void FullStep(benchmark::State& state) {
  Simulation& simulation = SharedSimulation();
  const Program program = Step(static_cast<int>(state.range(0)));
  double activities = 0.0;
  for (auto _ : state) {
    const auto record = simulation.RunProgram(program);
    FLEETSIM_CHECK(record.ok());
    activities = static_cast<double>(record->activities);
  }
  state.counters["activities"] = activities;
  state.counters["activities_per_s"] =
      benchmark::Counter(activities, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(FullStep)->Arg(256)->Arg(1024)->Arg(2048)->Unit(benchmark::kMillisecond);

// One round of flows, each host to the one half the fleet away: all of them cross the core. The
// share of the first one differs from run to run, because patterns that are equal but for a factor
// are simulated once.
void RoundOfFlows(benchmark::State& state) {
  Simulation& simulation = SharedSimulation();
  const int hosts = static_cast<int>(state.range(0));
  double first = 1e9;
  for (auto _ : state) {
    CollectivePlan plan;
    first += 1e3;
    for (int i = 0; i < hosts; ++i) {
      const Bytes bytes(i == 0 ? first : 1e9);
      plan.flows.push_back({i, (i + hosts / 2) % hosts, bytes, BytesPerSecond(0.0)});
    }
    FLEETSIM_CHECK(simulation.RunPattern({plan}).ok());
  }
}
BENCHMARK(RoundOfFlows)->Arg(256)->Arg(2048)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fleetsim
