#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "sim/parallel/memory.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/expert_cost.h"
#include "sim/training/expert_exchanges.h"
#include "sim/training/lowering.h"
#include "sim/training/step.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;

TestBed ExpertBed(int hosts) {
  TestBed bed(hosts);
  bed.catalog.fabrics["up"].protocols.push_back({.algorithm = CollectiveAlgorithm::kDirect,
                                                 .latency = Seconds(1e-5),
                                                 .step_latency = Seconds(1e-6),
                                                 .efficiency = 0.8});
  bed.model.experts = Experts{.experts = 16, .per_token = 2, .ffn = 2048};
  return bed;
}

std::vector<Group> Groups(const TestBed& bed, const Strategy& strategy, GroupKind kind) {
  const TrainingSpec spec = bed.Spec(strategy);
  const absl::StatusOr<Placement> placement = Place(strategy, bed.fleet);
  EXPECT_TRUE(placement.ok()) << placement.status();
  return GroupsOf(spec, *placement, kind);
}

TEST(ExpertGroups, RanksOfAStageAreDealtOutAsInMegatronCore) {
  // 8 replicas of tensor 2 are 16 ranks: with 4 expert ranks of 2 each, two groups of 4 workers.
  const TestBed bed = ExpertBed(4);
  Strategy strategy{.tensor = 2, .data = 8, .micro_batches = 1};
  strategy.expert = 4;
  strategy.expert_tensor = 2;
  std::vector<Group> exchange = Groups(bed, strategy, GroupKind::kExpert);
  ASSERT_EQ(exchange.size(), 2u);
  EXPECT_THAT(exchange[1].workers, ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(exchange[1].lanes, 2);
  EXPECT_EQ(exchange[1].ranks_per_worker, 1);
  std::vector<Group> replicas = Groups(bed, strategy, GroupKind::kExpertData);
  ASSERT_EQ(replicas.size(), 4u);
  EXPECT_THAT(replicas[1].workers, ElementsAre(1, 5));
  EXPECT_EQ(replicas[1].lanes, 2);
  // With whole experts on each rank both ranks of a worker take part in one exchange.
  strategy.expert_tensor = 1;
  exchange = Groups(bed, strategy, GroupKind::kExpert);
  ASSERT_EQ(exchange.size(), 4u);
  EXPECT_THAT(exchange[1].workers, ElementsAre(2, 3));
  EXPECT_EQ(exchange[1].lanes, 1);
  EXPECT_EQ(exchange[1].ranks_per_worker, 2);
  replicas = Groups(bed, strategy, GroupKind::kExpertData);
  ASSERT_EQ(replicas.size(), 2u);
  EXPECT_THAT(replicas[0].workers, ElementsAre(0, 2, 4, 6));
}

TEST(ExpertGroups, HoldEachExpertAsOftenAsThereAreReplicas) {
  const TestBed bed = ExpertBed(1);
  const double layer = CountLayerParameters(bed.model, 0).routed_experts;
  for (int tensor : {1, 2, 4}) {
    for (int expert : {1, 2, 8, 16}) {
      for (int expert_tensor : {1, 2}) {
        if (tensor % expert_tensor != 0) continue;
        Strategy strategy{.tensor = tensor, .data = 32};
        strategy.expert = expert;
        strategy.expert_tensor = expert_tensor;
        const double held = HeldByLayer(bed.model, strategy, 0).experts * 32 * tensor;
        EXPECT_DOUBLE_EQ(held, layer * strategy.ExpertReplicas());
      }
    }
  }
}

TEST(ExpertGroups, StayInOneHostWhereThereIsRoom) {
  // Two of three slots of 3 ranks fit on 8 accelerators; the rest stays idle.
  const TestBed bed = ExpertBed(3);
  Strategy strategy{.tensor = 1, .data = 15};
  strategy.expert = 3;
  const absl::StatusOr<Placement> placement = Place(strategy, bed.fleet);
  ASSERT_TRUE(placement.ok());
  for (int first = 0; first < 15; first += 3) {
    EXPECT_EQ(placement->workers[first].host, placement->workers[first + 2].host);
  }
}

// Bytes of the dispatches and of the combines of a pass of layer 0.
std::vector<double> ExchangeBytes(const TrainingSpec& spec, const ExpertExchanges& exchanges) {
  std::vector<double> bytes;
  for (const CollectiveSpec& collective : ExchangeSpecs(spec, {}, exchanges, 1.0)) {
    bytes.push_back(collective.bytes.value());
  }
  return bytes;
}

TEST(ExpertExchanges, BytesAreThoseOfTheCopies) {
  // 2048 tokens x 2 copies x hidden 2048, there and back in 16 bits.
  TestBed bed = ExpertBed(2);
  Strategy strategy{.data = 16};
  strategy.expert = 16;
  const double elements = 2048.0 * 2 * 2048;
  TrainingSpec spec = bed.Spec(strategy);
  EXPECT_THAT(ExchangeBytes(spec, ForwardExchanges(spec, 0)),
              ElementsAre(2 * elements, 2 * elements));
  bed.stack.dispatch_element_bytes = 1;
  EXPECT_THAT(ExchangeBytes(spec, ForwardExchanges(spec, 0)), ElementsAre(elements, 2 * elements));
  EXPECT_THAT(ExchangeBytes(spec, BackwardExchanges(spec, 0)),
              ElementsAre(2 * elements, 2 * elements));
  // Computed again: a narrow dispatch and a combine more.
  spec.recompute = Recompute::kFull;
  EXPECT_THAT(ExchangeBytes(spec, BackwardExchanges(spec, 0)),
              ElementsAre(3 * elements, 4 * elements));
  spec.strategy.expert = 1;
  EXPECT_THAT(ExchangeBytes(spec, ForwardExchanges(spec, 0)), ElementsAre());
}

TEST(ExpertExchanges, TensorRanksSendTheirSliceEach) {
  const TestBed bed = ExpertBed(2);
  Strategy strategy{.tensor = 4, .data = 4};
  strategy.expert = 4;
  const TrainingSpec spec = bed.Spec(strategy);
  const double elements = 2048.0 * 2 * 2048;
  EXPECT_THAT(ExchangeBytes(spec, ForwardExchanges(spec, 0)),
              ElementsAre(2 * elements / 4, 2 * elements / 4));
}

TEST(ExpertExchanges, TakeTheFirstLibraryThatTheLinksHave) {
  TestBed bed = ExpertBed(2);
  bed.stack.expert_libraries = {ExpertLibrary::kOneSided, ExpertLibrary::kNormal};
  Fabric& fabric = bed.catalog.fabrics["up"];
  fabric.expert_kernels = {{.library = ExpertLibrary::kNormal, .phase = ExpertPhase::kDispatch},
                           {.library = ExpertLibrary::kNormal, .phase = ExpertPhase::kCombine}};
  Strategy strategy{.data = 16};
  strategy.expert = 16;
  const TrainingSpec spec = bed.Spec(strategy);
  const auto library = [&](const DomainLinks& links) {
    return ExchangeSpecs(spec, links, ForwardExchanges(spec, 0), 1.0).front().exchange->library;
  };
  EXPECT_EQ(library({.fabric = &fabric}), ExpertLibrary::kNormal);
  EXPECT_EQ(library({}), ExpertLibrary::kCollective);
}

StepResult Simulate(const TestBed& bed, const TrainingSpec& spec, Detail detail,
                    Simulation& simulation) {
  absl::StatusOr<StepResult> result =
      SimulateStep(spec, bed.fleet, bed.catalog, {detail, /*must_fit=*/false}, simulation);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

TEST(ExpertStep, FoldedAgreesWithFull) {
  const TestBed bed = ExpertBed(8);
  absl::StatusOr<std::unique_ptr<Simulation>> simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  // Inside a host, over two, over four with tensor ranks that share out or cut the experts.
  const struct {
    int tensor, pipeline, data, expert, expert_tensor;
  } kCases[] = {{1, 2, 32, 8, 1}, {1, 2, 32, 16, 1}, {2, 2, 16, 16, 2}, {2, 2, 16, 16, 1}};
  for (const auto& degrees : kCases) {
    Strategy strategy{.tensor = degrees.tensor,
                      .pipeline = degrees.pipeline,
                      .data = degrees.data,
                      .micro_batches = 4,
                      .sequence_parallel = degrees.tensor > 1,
                      .zero_stage = 1,
                      .optimizer_shards = degrees.data};
    strategy.expert = degrees.expert;
    strategy.expert_tensor = degrees.expert_tensor;
    const TrainingSpec spec = bed.Spec(strategy);
    const StepResult full = Simulate(bed, spec, Detail::kFull, **simulation);
    const StepResult folded = Simulate(bed, spec, Detail::kFolded, **simulation);
    EXPECT_NEAR(folded.duration / full.duration, 1.0, 0.01) << degrees.expert;
    EXPECT_NEAR(folded.network_bytes / full.network_bytes, 1.0, 0.05) << degrees.expert;
    EXPECT_GT(full.parts[static_cast<int>(Part::kExpertExposed)].value(), 0.0);
  }
}

TEST(ExpertStep, ABusierRankMakesTheStepLonger) {
  const TestBed bed = ExpertBed(2);
  absl::StatusOr<std::unique_ptr<Simulation>> simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  Strategy strategy{.data = 16, .micro_batches = 2};
  strategy.expert = 16;
  const StepResult even = Simulate(bed, bed.Spec(strategy), Detail::kFolded, **simulation);
  strategy.expert_load = 1.5;
  const StepResult busy = Simulate(bed, bed.Spec(strategy), Detail::kFolded, **simulation);
  const int exchange = static_cast<int>(Part::kExpertExposed);
  // Latencies stay.
  EXPECT_LE(busy.parts[exchange] / even.parts[exchange], 1.5);
  EXPECT_GE(busy.parts[exchange] / even.parts[exchange], 1.35);
  EXPECT_GT(busy.parts[static_cast<int>(Part::kForward)],
            even.parts[static_cast<int>(Part::kForward)]);
}

// A host that is slower than device and exchange together decides alone: the exchange costs
// nothing, where the host does not wait for it.
TEST(ExpertStep, TravelsWhileTheHostIssues) {
  TestBed bed = ExpertBed(2);
  bed.stack.launches_forward = bed.stack.launches_backward = 100;
  bed.stack.host_per_launch = Seconds(0.01);
  absl::StatusOr<std::unique_ptr<Simulation>> simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  Strategy strategy{.data = 16, .micro_batches = 2};
  strategy.expert = 16;
  for (const Detail detail : {Detail::kFolded, Detail::kFull}) {
    const StepResult step = Simulate(bed, bed.Spec(strategy), detail, **simulation);
    EXPECT_NEAR(step.parts[static_cast<int>(Part::kExpertExposed)].value(), 0.0, 1e-9);
    // Forward and backward of 8 layers, twice; what the device does meanwhile is part of it.
    EXPECT_GT(step.duration.value(), 2 * 8 * 2 * 1.0);
    EXPECT_LT(step.duration.value(), 2 * 8 * 2 * 1.0 * 1.05);
  }
  bed.stack.host_per_launch = Seconds(0.0);
  const StepResult quick = Simulate(bed, bed.Spec(strategy), Detail::kFolded, **simulation);
  EXPECT_GT(quick.parts[static_cast<int>(Part::kExpertExposed)].value(), 0.0);
}

TEST(ExpertExchanges, TheHostWaitsForLibrariesOfExpertKernels) {
  TestBed bed = ExpertBed(2);
  bed.stack.expert_libraries = {ExpertLibrary::kNormal};
  Fabric& fabric = bed.catalog.fabrics["up"];
  fabric.expert_kernels = {{.library = ExpertLibrary::kNormal, .phase = ExpertPhase::kDispatch},
                           {.library = ExpertLibrary::kNormal, .phase = ExpertPhase::kCombine}};
  const TrainingSpec spec = bed.Spec({.data = 16});
  EXPECT_TRUE(HostWaitsForExchange(spec, {.fabric = &fabric}));
  EXPECT_FALSE(HostWaitsForExchange(spec, {}));
}

TEST(DualPipeStep, HidesExchangesAndShortensTheBubble) {
  TestBed bed = ExpertBed(8);
  bed.stack.overlaps_pipeline_transfers = true;
  absl::StatusOr<std::unique_ptr<Simulation>> simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  Strategy strategy{
      .pipeline = 4, .data = 16, .micro_batches = 16, .zero_stage = 1, .optimizer_shards = 16};
  strategy.expert = 16;
  const StepResult plain = Simulate(bed, bed.Spec(strategy), Detail::kFolded, **simulation);
  strategy.dual_pipe = true;
  const StepResult folded = Simulate(bed, bed.Spec(strategy), Detail::kFolded, **simulation);
  const StepResult full = Simulate(bed, bed.Spec(strategy), Detail::kFull, **simulation);
  EXPECT_NEAR(folded.duration / full.duration, 1.0, 0.01);
  const auto part = [](const StepResult& step, Part which) {
    return step.parts[static_cast<int>(which)].value();
  };
  EXPECT_LT(part(full, Part::kExpertExposed), part(plain, Part::kExpertExposed));
  EXPECT_LT(full.duration, plain.duration);
  // The same passes, whatever hides beside them.
  const double work = part(plain, Part::kForward) + part(plain, Part::kBackward);
  EXPECT_NEAR(part(full, Part::kForward) + part(full, Part::kBackward), work, 1e-6 * work);
}

TEST(DualPipeStep, HoldsTwoModelCopies) {
  const TestBed bed = ExpertBed(8);
  Strategy strategy{.pipeline = 4, .data = 16, .micro_batches = 16};
  const auto held = [&](int stage) {
    return StageMemory({.model = &bed.model,
                        .stack = &bed.stack,
                        .strategy = bed.Spec(strategy).strategy,
                        .sequence_length = 2048},
                       stage);
  };
  const MemoryUse first = held(0), last = held(3);
  strategy.dual_pipe = true;
  EXPECT_EQ(held(0).weights, first.weights + last.weights);
  EXPECT_EQ(held(0).weights, held(3).weights);
  EXPECT_EQ(held(0).optimizer, (first.optimizer + last.optimizer) * 0.5);
}

}  // namespace
}  // namespace fleetsim
