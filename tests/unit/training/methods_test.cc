// Schedules, sharding, context methods and offload in whole steps.
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/collective/collective.h"
#include "sim/parallel/memory.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/context_methods.h"
#include "sim/training/fit.h"
#include "sim/training/lowering.h"
#include "sim/training/offload.h"
#include "sim/training/stage_cost.h"
#include "sim/training/step.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

// Every way to shard and schedule on 64 accelerators.
std::vector<Strategy> Ways() {
  const Strategy piped{
      .tensor = 2, .pipeline = 4, .data = 8, .micro_batches = 8, .optimizer_shards = 8};
  const Strategy flat{.tensor = 1, .data = 64, .micro_batches = 3, .optimizer_shards = 64};
  std::vector<Strategy> ways(10, piped);
  ways[0].schedule = Schedule::kGpipe;
  ways[1].schedule = Schedule::kZeroBubbleH1;
  ways[2].schedule = Schedule::kZeroBubbleH1;
  ways[2].zero_stage = 1;
  ways[3].zero_stage = 3;
  ways[3].micro_batch = 4;  // else the network is never idle
  ways[3].accumulates_whole = true;
  ways[4] = flat;
  ways[4].zero_stage = 2;
  ways[5] = flat;
  ways[5].zero_stage = 3;
  ways[5].prefetched_layers = 2;
  ways[6] = flat;
  ways[6].zero_stage = 3;
  ways[6].optimizer_shards = 8;  // hybrid: within a host
  ways[7] = flat;
  ways[7].zero_stage = 2;
  ways[7].optimizer_shards = 16;
  ways[7].micro_batch = 4;
  ways[8].schedule = Schedule::kZeroBubbleV;
  ways[8].virtual_stages = 2;
  ways[8].chunk_layers = {1, 1, 1, 1, 1, 1, 1, 1};
  ways[9] = ways[8];
  ways[9].zero_stage = 1;
  return ways;
}

TEST(Methods, FoldedAgreesWithFull) {
  TestBed bed(8);
  const auto simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  for (const bool regathers : {false, true}) {
    bed.stack.regathers_weights = regathers;
    bed.stack.overlaps_gradient_reduction = regathers;
    for (const Strategy& strategy : Ways()) {
      const TrainingSpec spec = bed.Spec(strategy);
      const auto full = SimulateStep(spec, bed.fleet, bed.catalog, {Detail::kFull}, **simulation);
      const auto folded =
          SimulateStep(spec, bed.fleet, bed.catalog, {Detail::kFolded}, **simulation);
      ASSERT_TRUE(full.ok() && folded.ok()) << full.status() << folded.status();
      EXPECT_EQ(folded->detail, "folded");
      EXPECT_NEAR(folded->duration / full->duration, 1.0, 0.01)
          << "zero " << strategy.zero_stage << " shards " << strategy.optimizer_shards;
    }
  }
}

Seconds DurationOf(const TestBed& bed, const Strategy& strategy, Simulation& simulation) {
  const auto step =
      SimulateStep(bed.Spec(strategy), bed.fleet, bed.catalog, {.must_fit = false}, simulation);
  EXPECT_TRUE(step.ok()) << step.status();
  return step->duration;
}

// With stages of equal length the bubble shrinks by (p - 1) 2 W: that of a first stage's eight
// layers here, as embedding and loss head are small.
TEST(Methods, ZeroBubbleSavesTwoWeightPassesAStage) {
  TestBed bed(1);
  bed.model.vocab = 128;
  bed.model.layers = 32;
  const auto simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  Strategy strategy{.tensor = 1, .pipeline = 4, .data = 1, .micro_batches = 16};
  const Seconds plain = DurationOf(bed, strategy, **simulation);
  strategy.schedule = Schedule::kZeroBubbleH1;
  const Seconds split = DurationOf(bed, strategy, **simulation);
  const WorkerHardware hardware = *HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16);
  const ChunkCost stage = CostOfChunk(bed.Spec(strategy), hardware, 1, 1);
  const double saved = 3 * 2 * stage.weight_gradients.front().duration.value();
  EXPECT_NEAR((plain - split).value(), saved, 0.05 * saved);
}

// No more idle time than ZB-H1, no less than the first micro-batch takes to the last rank.
TEST(Methods, ZeroBubbleVIsShorterStill) {
  TestBed bed(1);
  bed.model.vocab = 128;
  bed.model.layers = 32;
  const auto simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  Strategy strategy{.tensor = 1, .pipeline = 4, .data = 1, .micro_batches = 16};
  strategy.schedule = Schedule::kZeroBubbleH1;
  const Seconds straight = DurationOf(bed, strategy, **simulation);
  strategy.schedule = Schedule::kZeroBubbleV;
  strategy.virtual_stages = 2;
  const Seconds folded_back = DurationOf(bed, strategy, **simulation);
  const WorkerHardware hardware = *HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16);
  const TrainingSpec spec = bed.Spec(strategy);
  Seconds work;
  for (int i : {0, 1}) {
    const ChunkCost chunk = CostOfChunk(spec, hardware, strategy.ChunkOf(3, i), 1);
    work += (chunk.forward.front().duration + chunk.backward.front().duration +
             chunk.weight_gradients.front().duration) *
            16.0;
  }
  EXPECT_LT(folded_back, straight);
  const Seconds forward = CostOfChunk(spec, hardware, 1, 1).forward.front().duration;
  EXPECT_GT(folded_back, work + forward * 3.0);
}

// The first rank holds embedding and head; each rank the activations of p micro-batches.
TEST(Methods, ZeroBubbleVHoldsWhat1F1BHolds) {
  const TestBed bed(1);
  Strategy strategy{.tensor = 1, .pipeline = 4, .data = 1, .micro_batches = 12};
  const MemoryUse first = StageMemory(QuestionOf(bed.Spec(strategy)), 0);
  const MemoryUse last = StageMemory(QuestionOf(bed.Spec(strategy)), 3);
  strategy.schedule = Schedule::kZeroBubbleV;
  strategy.virtual_stages = 2;
  const MemoryUse both = StageMemory(QuestionOf(bed.Spec(strategy)), 0);
  EXPECT_EQ(both.activations, first.activations);
  EXPECT_NEAR(StageMemory(QuestionOf(bed.Spec(strategy)), 3).activations / first.activations, 1.0,
              1e-12);
  const double head = HeadParametersOnRank(bed.model, strategy) * bed.stack.weight_bytes;
  EXPECT_NEAR((both.weights - first.weights).value(), head, 1.0);
  EXPECT_GT(last.weights, StageMemory(QuestionOf(bed.Spec(strategy)), 3).weights);
}

// A backward pass takes as long whole as in its two parts, host floors aside.
TEST(Methods, TheSplitBackwardPassIsTheWholeOne) {
  TestBed bed(1);
  const WorkerHardware hardware = *HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16);
  Strategy strategy{.tensor = 2, .pipeline = 2};
  const ChunkCost whole = CostOfChunk(bed.Spec(strategy), hardware, 1, 1);
  strategy.schedule = Schedule::kZeroBubbleH1;
  const ChunkCost split = CostOfChunk(bed.Spec(strategy), hardware, 1, 1);
  EXPECT_TRUE(whole.weight_gradients.empty());
  EXPECT_NEAR((split.backward.front().duration + split.weight_gradients.front().duration).value(),
              whole.backward.front().duration.value(), 1e-12);
}

// Rajbhandari et al. 2019, figure 1: 2, 2 and 12 bytes a parameter, the last two, then all divided.
TEST(Methods, ShardingDividesStates) {
  TestBed bed(1);
  bed.stack.gradient_bytes = 2;
  Strategy strategy{.tensor = 1, .data = 8, .zero_stage = 2, .optimizer_shards = 8};
  const MemoryUse two = MemoryOf(bed.Spec(strategy));
  EXPECT_NEAR(two.gradients / two.weights, 1.0 / 8, 1e-12);
  EXPECT_NEAR(two.optimizer / two.weights, 6.0 / 8, 1e-12);
  strategy.accumulates_whole = true;
  EXPECT_NEAR(MemoryOf(bed.Spec(strategy)).gradients / two.weights, 1.0, 1e-12);
  strategy.accumulates_whole = false;
  strategy.zero_stage = 3;
  strategy.optimizer_shards = 4;  // hybrid: each shard twice
  const MemoryUse hybrid = MemoryOf(bed.Spec(strategy));
  EXPECT_NEAR(hybrid.weights / two.weights, 1.0 / 4, 1e-12);
  EXPECT_NEAR(hybrid.gradients / two.weights, 1.0 / 4, 1e-12);
}

// DeepSpeed gathers weights one by one and reduces gradients in large buckets.
TEST(Methods, GathersOfShardedWeightsAloneAreSlow) {
  TestBed bed(1);
  bed.stack.sharded_network_share = 0.25;
  const TrainingSpec spec =
      bed.Spec({.tensor = 1, .data = 8, .zero_stage = 3, .optimizer_shards = 8});
  const absl::StatusOr<Placement> placement = Place(spec.strategy, bed.fleet);
  ASSERT_TRUE(placement.ok());
  const WorkerHardware hardware{
      .device = {&bed.catalog.accelerators.at("test"), &bed.catalog.kernel_classes.at("test")}};
  const Program program = LowerStep(
      spec, *placement, {.hardware = {hardware}, .kind = std::vector<int>(8, 0), .nominal = {}});
  int gathers = 0;
  for (const CollectiveSpec& collective : program.collectives) {
    const bool gather = collective.kind == CollectiveKind::kAllGather;
    gathers += gather ? 1 : 0;
    EXPECT_EQ(collective.network_share, gather ? 0.25 : 1.0);
  }
  EXPECT_GT(gathers, 0);
  EXPECT_LT(gathers, static_cast<int>(program.collectives.size()));
}

// One more layer gathered ahead, one more layer of weights.
TEST(Methods, PrefetchedLayersAreHeld) {
  const TestBed bed(1);
  Strategy strategy{.tensor = 1, .data = 8, .zero_stage = 3, .optimizer_shards = 8};
  const Bytes one = MemoryOf(bed.Spec(strategy)).working;
  strategy.prefetched_layers = 2;
  const double layer = LayerParametersOnRank(bed.model, 0, 1);
  EXPECT_NEAR((MemoryOf(bed.Spec(strategy)).working - one).value(), layer * bed.stack.weight_bytes,
              1.0);
}

// Zero bubble holds what 1F1B holds, GPipe all micro-batches.
TEST(Methods, ActivationsBySchedule) {
  const TestBed bed(1);
  Strategy strategy{.tensor = 1, .pipeline = 4, .data = 1, .micro_batches = 12};
  const Bytes plain = StageMemory(QuestionOf(bed.Spec(strategy)), 0).activations;
  strategy.schedule = Schedule::kZeroBubbleH1;
  EXPECT_EQ(StageMemory(QuestionOf(bed.Spec(strategy)), 0).activations, plain);
  strategy.schedule = Schedule::kGpipe;
  EXPECT_NEAR(StageMemory(QuestionOf(bed.Spec(strategy)), 0).activations / plain, 3.0, 1e-12);
}

struct Divided {
  TestBed bed{1};
  TrainingSpec spec = bed.Spec({.context = 4});
  WorkerHardware hardware = *HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16);
  AttentionShape core;
  Divided() {
    spec.sequence_length = 8192;
    core = ForwardOperators(bed.model, 0, spec.Shard()).attention;
    // All-to-all needs a direct protocol.
    bed.catalog.fabrics["up"].protocols.push_back(
        {.algorithm = CollectiveAlgorithm::kDirect, .efficiency = 0.8});
  }
  // q, k, v or the output: 2048 tokens, 16 heads of 128, 16 bits.
  static constexpr double kOne = 2048 * 16 * 128 * 2.0;
};

// Jacobs et al. 2023, section 3.2: four all-to-alls of N h / P forward; each rank then has a
// quarter of the heads of the whole sequence.
TEST(Methods, UlyssesTradesTheSequenceForHeads) {
  Divided divided;
  const PassKernels forward = UlyssesForward(divided.spec, divided.hardware, divided.core);
  EXPECT_NEAR(forward.exposed.value(),
              2 * LocalCollectiveTime(CollectiveKind::kAllToAll, 4, Bytes(2 * Divided::kOne),
                                      divided.hardware.links)
                      .value(),
              1e-12);
  const AttentionShape whole{.heads = 4,
                             .kv_heads = 4,
                             .head_dim = 128,
                             .value_dim = 128,
                             .query_tokens = 8192,
                             .kv_tokens = 8192,
                             .causal = true,
                             .generation = AttentionKernel::kFlash2};
  EXPECT_EQ(forward.attention,
            FlashAttentionForward(divided.hardware.device, DataType::kBf16, whole));
}

// Across hosts each rank sends three quarters of what it has through its NIC.
TEST(Methods, UlyssesAcrossHostsIsBoundByTheNics) {
  Divided divided;
  divided.hardware.links.domain_accelerators = 1;
  divided.hardware.network = BytesPerSecond(1e9);
  const PassKernels forward = UlyssesForward(divided.spec, divided.hardware, divided.core);
  EXPECT_NEAR(forward.exposed.value(), 4 * Divided::kOne * 0.75 / 1e9, 1e-12);
}

// Llama 3: keys and values of all ranks; backward gathers again and sums their gradients.
TEST(Methods, GatheredKeysAndValues) {
  Divided divided;
  divided.hardware.links.domain_accelerators = 1;
  divided.hardware.network = BytesPerSecond(1e9);
  const double received = 3 * 2 * Divided::kOne / 1e9;
  EXPECT_NEAR(GatheredForward(divided.spec, divided.hardware, divided.core).exposed.value(),
              received, 1e-12);
  EXPECT_NEAR(GatheredBackward(divided.spec, divided.hardware, divided.core).exposed.value(),
              2 * received, 1e-12);
}

// Gradients of 4 bytes down a link of 10 GB/s, 30 bytes of state traffic at a quarter of 40 GB/s,
// weights of 2 bytes up.
TEST(Methods, TheHostUpdatesWhatItHolds) {
  TestBed bed(1);
  bed.stack.gradient_bytes = 4;
  WorkerHardware hardware = *HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16);
  hardware.host_link = BytesPerSecond(10e9);
  hardware.host_memory = BytesPerSecond(40e9);
  Work work;
  AddHostOptimizer(bed.Spec({}), hardware, 1e9, work);
  EXPECT_NEAR(work.duration.value(), 4e9 / 10e9 + 30e9 / 10e9 + 2e9 / 10e9, 1e-9);
  const Strategy half{.optimizer_offload = 0.5};
  EXPECT_NEAR(MemoryOf(bed.Spec(half)).optimizer / MemoryOf(bed.Spec({})).optimizer, 0.5, 1e-12);
}

// Activations leave and come back beside the passes: only what takes longer shows.
TEST(Methods, OffloadedActivationsHideBehindComputation) {
  TestBed bed(1);
  WorkerHardware hardware = *HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16);
  const TrainingSpec plain = bed.Spec({});
  const TrainingSpec moved = bed.Spec({.activation_offload = 1.0});
  const Seconds pass = CostOfChunk(plain, hardware, 0, 1).forward.front().duration;
  hardware.host_link = BytesPerSecond(1e15);
  EXPECT_EQ(CostOfChunk(moved, hardware, 0, 1).forward.front().duration, pass);
  const Bytes kept = LayerActivations(QuestionOf(plain), 0);
  hardware.host_link = kept / Seconds(1.0);
  EXPECT_NEAR(CostOfChunk(moved, hardware, 0, 1).forward.front().duration.value(), 8.0, 0.1);
  EXPECT_EQ(MemoryOf(moved).activations, Bytes(0.0));
}

}  // namespace
}  // namespace fleetsim
