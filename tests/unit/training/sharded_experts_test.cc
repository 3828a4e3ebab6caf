// Weights of experts spread over the ranks that hold the same ones (ZeRO 3, FSDP with expert
// parallelism).
#include <map>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/fit.h"
#include "sim/training/lowering.h"
#include "sim/training/resolve.h"
#include "sim/training/step.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TestBed ExpertBed(int hosts) {
  TestBed bed(hosts);
  bed.catalog.fabrics["up"].protocols.push_back({.algorithm = CollectiveAlgorithm::kDirect,
                                                 .latency = Seconds(1e-5),
                                                 .step_latency = Seconds(1e-6),
                                                 .efficiency = 0.8});
  bed.model.experts = Experts{.experts = 16, .per_token = 2, .ffn = 2048};
  return bed;
}

// 16 data ranks, each expert on 4 of them.
Strategy Sharded(int shards) {
  Strategy strategy{.data = 16, .micro_batches = 2, .zero_stage = 3, .optimizer_shards = shards};
  strategy.expert = 4;
  strategy.chunk_layers = {8};
  return strategy;
}

TEST(ShardedExperts, AreSpreadOverTheRanksThatHoldThem) {
  const TestBed bed = ExpertBed(2);
  const HeldParameters held = HeldByStage(bed.model, Sharded(16), 0);
  const auto weights = [&](int shards) {
    return MemoryOf(bed.Spec(Sharded(shards))).weights.value() / bed.stack.weight_bytes;
  };
  EXPECT_NEAR(weights(16), held.shared / 16 + held.experts / 4, 1.0);
  // Shard groups of 8 ranks hold each expert twice, of 4 ranks once: nothing to share.
  EXPECT_NEAR(weights(8), held.shared / 8 + held.experts / 2, 1.0);
  EXPECT_NEAR(weights(4), held.shared / 4 + held.experts, 1.0);
}

TEST(ShardedExperts, GatheredLayersAreHeldWhole) {
  const TestBed bed = ExpertBed(2);
  const HeldParameters layer = HeldByLayer(bed.model, Sharded(16), 7);
  const auto working = [&](int shards, int prefetched) {
    Strategy strategy = Sharded(shards);
    strategy.prefetched_layers = prefetched;
    return MemoryOf(bed.Spec(strategy)).working.value() / bed.stack.weight_bytes;
  };
  EXPECT_NEAR(working(16, 2) - working(16, 1), layer.shared + layer.experts, 1.0);
  EXPECT_NEAR(working(4, 2) - working(4, 1), layer.shared, 1.0);
}

std::vector<Group> Groups(const TestBed& bed, const Strategy& strategy, GroupKind kind) {
  const TrainingSpec spec = bed.Spec(strategy);
  return GroupsOf(spec, *Place(strategy, bed.fleet), kind);
}

TEST(ShardedExperts, ShardGroupsAreTheHoldersWithinOne) {
  const TestBed bed = ExpertBed(2);
  std::vector<Group> groups = Groups(bed, Sharded(8), GroupKind::kExpertShard);
  ASSERT_EQ(groups.size(), 8u);
  EXPECT_THAT(groups[0].workers, ElementsAre(0, 4));
  EXPECT_THAT(groups[5].workers, ElementsAre(9, 13));
  EXPECT_TRUE(Groups(bed, Sharded(4), GroupKind::kExpertShard).empty());
  // Without hybrid sharding all holders of an expert are in one group.
  groups = Groups(bed, Sharded(16), GroupKind::kExpertShard);
  ASSERT_EQ(groups.size(), 4u);
  EXPECT_EQ(groups[2].workers, Groups(bed, Sharded(16), GroupKind::kExpertData)[2].workers);
}

// Collectives of replica 0 by group and kind: how many, and their bytes in all.
using Exchanged = std::map<std::pair<GroupKind, CollectiveKind>, std::pair<int, double>>;

Exchanged ExchangedBy(const TestBed& bed, const Strategy& strategy) {
  const TrainingSpec spec = bed.Spec(strategy);
  WorkerKinds kinds;
  kinds.hardware = {*HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16)};
  kinds.kind.assign(strategy.data, 0);
  const Program program = LowerStep(spec, *Place(strategy, bed.fleet), kinds);
  Exchanged exchanged;
  for (const Op& op : program.op_lists[0].ops) {
    if (op.kind != OpKind::kCollective) continue;
    const CollectiveSpec& collective = program.collectives[op.collective];
    auto& [count, bytes] = exchanged[{static_cast<GroupKind>(op.group), collective.kind}];
    ++count;
    bytes += collective.bytes.value();
  }
  return exchanged;
}

// Of every layer and micro-batch: gathered before the forward and the backward pass in 16 bits, 4
// bytes of gradients scattered after it.
TEST(ShardedExperts, AreGatheredTwiceAndScatteredOnce) {
  const TestBed bed = ExpertBed(2);
  const double experts = HeldByStage(bed.model, Sharded(16), 0).experts;
  Exchanged exchanged = ExchangedBy(bed, Sharded(16));
  const auto gathers = exchanged[{GroupKind::kExpertShard, CollectiveKind::kAllGather}];
  EXPECT_EQ(gathers.first, 8 * 2 * 2);
  EXPECT_NEAR(gathers.second, experts * 2 * 2 * 2, 1.0);
  const auto scatters = exchanged[{GroupKind::kExpertData, CollectiveKind::kReduceScatter}];
  EXPECT_EQ(scatters.first, 8 * 2);
  EXPECT_NEAR(scatters.second, experts * 4 * 2, 1.0);
}

TEST(ShardedExperts, HybridShardsAreSummedAcrossGroups) {
  const TestBed bed = ExpertBed(2);
  const HeldParameters held = HeldByStage(bed.model, Sharded(8), 0);
  Exchanged exchanged = ExchangedBy(bed, Sharded(8));
  const auto scatters = exchanged[{GroupKind::kExpertShard, CollectiveKind::kReduceScatter}];
  EXPECT_NEAR(scatters.second, held.experts * 4 * 2, 1.0);
  const auto across = exchanged[{GroupKind::kAcross, CollectiveKind::kAllReduce}];
  EXPECT_NEAR(across.second, (held.experts / 2 + held.shared / 8) * 4 * 2, 1.0);
  // Experts that lie whole on every rank of a shard group are summed over all that hold them.
  exchanged = ExchangedBy(bed, Sharded(4));
  const auto sums = exchanged[{GroupKind::kExpertData, CollectiveKind::kAllReduce}];
  EXPECT_NEAR(sums.second, held.experts * 4 * 2, 1.0);
  EXPECT_EQ(exchanged.count({GroupKind::kExpertShard, CollectiveKind::kAllGather}), 0u);
}

TEST(ShardedExperts, FoldedAgreesWithFull) {
  const TestBed bed = ExpertBed(4);
  const auto simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  for (const int shards : {32, 8}) {
    for (const int prefetched : {1, 3}) {
      Strategy strategy = Sharded(shards);
      strategy.data = 32;
      strategy.micro_batch = 4;
      strategy.prefetched_layers = prefetched;
      const TrainingSpec spec = bed.Spec(strategy);
      const auto run = [&](Detail detail) {
        return SimulateStep(spec, bed.fleet, bed.catalog, {detail, false}, **simulation);
      };
      const auto full = run(Detail::kFull), folded = run(Detail::kFolded);
      ASSERT_TRUE(full.ok() && folded.ok()) << full.status() << folded.status();
      EXPECT_NEAR(folded->duration / full->duration, 1.0, 0.01) << shards << " " << prefetched;
    }
  }
}

TEST(ShardedExperts, ShardGroupsHoldWholeExpertGroups) {
  const TestBed bed = ExpertBed(2);
  Catalog catalog = bed.catalog;
  catalog.stacks["test"] = bed.stack;
  Job job;
  job.pretrain.model = bed.model;
  job.pretrain.sequence_length = 2048;
  job.pretrain.global_batch = 32;
  job.pretrain.stack = "test";
  ParallelismRequest request{.data = 16, .zero_stage = 3, .optimizer_shards = 8};
  request.expert = 4;
  EXPECT_TRUE(Resolve(job, request, bed.fleet, catalog).ok());
  request.data = 12;
  request.optimizer_shards = 6;
  job.pretrain.global_batch = 24;
  const auto uneven = Resolve(job, request, bed.fleet, catalog);
  EXPECT_THAT(std::string(uneven.status().message()),
              HasSubstr("a multiple or a divisor of the 4"));
}

}  // namespace
}  // namespace fleetsim
