#include "sim/training/step.h"

#include <numeric>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "sim/base/isolated.h"
#include "sim/training/fit.h"
#include "test_hardware.h"

namespace fleetsim {

TestBed::TestBed(int hosts, double scale, const std::string& host_prefix) {
  Accelerator accelerator{.name = "test",
                          .compute_units = 100,
                          .memory = Bytes(80e9),
                          .memory_bandwidth = BytesPerSecond(2e12 * scale),
                          .kernel_class = "test"};
  accelerator.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(300e12 * scale);
  catalog.accelerators["test"] = accelerator;
  catalog.kernel_classes["test"] = {
      .name = "test",
      .tiles = {{128, 128, 1.0}, {64, 64, 0.8}},
      .matrix = {{.dtype = DataType::kBf16, .unit = 0.9, .sustained = 0.8, .ramp_depth = 100}},
      .start_up = Seconds(4e-6 / scale),
      .memory_efficiency = 0.8,
      .attention = {{.generation = AttentionKernel::kFlash2,
                     .start_up = Seconds(1e-5 / scale),
                     .points = {{64, 0.5, 0.4}, {128, 0.6, 0.5}}}},
      .stream_efficiency = 0.8,
      .stream_start_up = Seconds(4e-6 / scale)};
  catalog.fabrics["up"] = {.name = "up",
                           .kind = FabricKind::kScaleUp,
                           .protocols = {{.algorithm = CollectiveAlgorithm::kRing,
                                          .latency = Seconds(1e-5 / scale),
                                          .step_latency = Seconds(1e-6 / scale),
                                          .efficiency = 0.8}}};
  catalog.fabrics["out"] = {.name = "out",
                            .point_to_point_efficiency = 0.9,
                            .collective_efficiency = 0.9,
                            .base_latency = Seconds(3e-6 / scale)};
  fleet.name = "test";
  fleet.sites.push_back({.id = "here"});
  fleet.leaves.push_back({.id = "leaf",
                          .accelerator = &catalog.accelerators["test"],
                          .scale_up = &catalog.fabrics["up"],
                          .scale_out = &catalog.fabrics["out"],
                          .accelerators = 8,
                          .speed = FlopsPerSecond(300e12 * scale),
                          .nic_bandwidth = BytesPerSecond(200e9 * scale),
                          .nics = 8,
                          .scale_up_bandwidth = BytesPerSecond(300e9 * scale)});
  for (int i = 0; i < hosts; ++i) fleet.hosts.push_back({host_prefix + std::to_string(i), 0});
  fleet.file = testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name() +
               std::to_string(hosts) + std::to_string(scale) + ".xml";
  std::ofstream(fleet.file) << "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM "
                               "\"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\">\n"
                            << "<cluster id=\"leaf\" prefix=\"" << host_prefix << "\" radical=\"0-"
                            << hosts - 1 << "\" suffix=\"\" speed=\"" << 300 * scale
                            << "Tf\" core=\"8\" bw=\"" << 200 * scale << "GBps\" lat=\""
                            << 1000 / scale << "ns\" loopback_bw=\"" << 300 * scale
                            << "GBps\" loopback_lat=\"" << 500 / scale << "ns\"/>\n</platform>\n";
  model = {.name = "small",
           .layers = 8,
           .hidden = 2048,
           .heads = 16,
           .kv_heads = 16,
           .head_dim = 128,
           .ffn = 8192,
           .vocab = 32000};
  stack = {.name = "test",
           .attention = AttentionKernel::kFlash2,
           .forward_traffic = {.hidden = 20, .attention = 4, .ffn = 4},
           .backward_traffic = {.hidden = 40, .attention = 8, .ffn = 8},
           .logit_traffic = 52,
           .elementwise_kernels = 6,
           .sequence_parallel = true,
           .optimizer_traffic = 30};
}

TrainingSpec TestBed::Spec(const Strategy& strategy) const {
  TrainingSpec spec{.model = &model,
                    .stack = &stack,
                    .sequence_length = 2048,
                    .precision = DataType::kBf16,
                    .strategy = strategy};
  if (spec.strategy.chunk_layers.empty()) {
    spec.strategy.chunk_layers =
        EvenChunks(model.layers, strategy.pipeline * strategy.virtual_stages);
  }
  return spec;
}

namespace {

using ::testing::HasSubstr;

StepResult Simulate(const TestBed& bed, const Strategy& strategy, const StepOptions& options) {
  absl::StatusOr<std::unique_ptr<Simulation>> simulation = Simulation::Load(bed.fleet);
  EXPECT_TRUE(simulation.ok()) << simulation.status();
  absl::StatusOr<StepResult> result =
      SimulateStep(bed.Spec(strategy), bed.fleet, bed.catalog, options, **simulation);
  EXPECT_TRUE(result.ok()) << result.status();
  return *result;
}

double Sum(const auto& parts) {
  double sum = 0;
  for (Seconds part : parts) sum += part.value();
  return sum;
}

constexpr Strategy kPipelined{.tensor = 4,
                              .pipeline = 4,
                              .data = 4,
                              .virtual_stages = 2,
                              .micro_batch = 1,
                              .micro_batches = 8};

TEST(Step, PartsAndActivitiesSumToTheStep) {
  const TestBed bed(8);
  const StepResult result = Simulate(bed, kPipelined, {.detail = Detail::kFull});
  EXPECT_NEAR(Sum(result.parts), result.duration.value(), 1e-9 * result.duration.value());
  EXPECT_NEAR(Sum(result.activities), result.duration.value(), 1e-9 * result.duration.value());
  EXPECT_EQ(result.tokens, 4 * 8 * 2048);
}

TEST(Step, FoldedAgreesWithFull) {
  const TestBed bed(8);
  absl::StatusOr<std::unique_ptr<Simulation>> simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  std::vector<Strategy> strategies = {kPipelined, kPipelined, kPipelined, kPipelined};
  strategies[1].zero_stage = 1;
  strategies[1].optimizer_shards = 4;
  strategies[2].virtual_stages = 1;
  // Not a power of two: three stages of uneven layers on 60 of 64 accelerators.
  strategies[3] = {.tensor = 4, .pipeline = 3, .data = 5, .micro_batches = 7};
  for (const Strategy& strategy : strategies) {
    const TrainingSpec spec = bed.Spec(strategy);
    const auto full = SimulateStep(spec, bed.fleet, bed.catalog, {Detail::kFull}, **simulation);
    const auto folded = SimulateStep(spec, bed.fleet, bed.catalog, {Detail::kFolded}, **simulation);
    ASSERT_TRUE(full.ok()) << full.status();
    ASSERT_TRUE(folded.ok()) << folded.status();
    EXPECT_NEAR(folded->duration / full->duration, 1.0, 0.01);
    // Where a replica straddles hosts that others do not, one does not stand for all.
    EXPECT_NEAR(folded->network_bytes / full->network_bytes, 1.0, 0.05);
    EXPECT_LT(folded->simulated_activities, full->simulated_activities);
  }
}

TEST(Step, BubbleOfPlainPipelineIsPublished) {
  // (p - 1) / (m + p - 1) of the step where passes are all there is (Narayanan et al. 2021, 2.2.1).
  TestBed bed(8);
  bed.model.vocab = 128;  // the loss head would make the last stage slower
  // Large enough for passes to be much longer than transfers.
  bed.model.hidden = 32768;
  bed.model.heads = bed.model.kv_heads = 256;
  bed.model.ffn = 131072;
  bed.stack.overlaps_pipeline_transfers = true;
  const StepResult result =
      Simulate(bed, {.tensor = 8, .pipeline = 4, .data = 1, .micro_batches = 12},
               {.detail = Detail::kFull, .must_fit = false});
  const double bubble = result.parts[static_cast<int>(Part::kBubble)] / result.duration;
  EXPECT_NEAR(bubble, 3.0 / (12 + 3), 0.02);
}

// Step time in a process of its own.
IsolatedTask DurationOn(double scale, const std::string& host_prefix) {
  return [scale, host_prefix]() -> absl::StatusOr<std::string> {
    const TestBed bed(8, scale, host_prefix);
    return absl::StrFormat("%.17g",
                           Simulate(bed, kPipelined, {.detail = Detail::kFull}).duration.value());
  };
}

TEST(Step, EverythingTwiceAsFastHalvesTheStepAndNamesChangeNothing) {
  const auto durations =
      RunIsolated({DurationOn(1.0, "h"), DurationOn(2.0, "h"), DurationOn(1.0, "other-")}, 1);
  ASSERT_TRUE(durations[0].ok() && durations[1].ok() && durations[2].ok());
  EXPECT_NEAR(std::stod(*durations[0]) / std::stod(*durations[1]), 2.0, 1e-6);
  EXPECT_EQ(*durations[0], *durations[2]);
}

TEST(Step, SaysWhatDoesNotFitAndWhatWould) {
  TestBed bed(1);
  bed.model.layers = 96;
  bed.model.hidden = 8192;
  bed.model.heads = bed.model.kv_heads = 64;
  bed.model.ffn = 32768;
  TrainingSpec spec = bed.Spec({.tensor = 8});
  const absl::Status status = CheckFits(spec, Bytes(80e9)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("weights 19."));
  EXPECT_THAT(std::string(status.message()), HasSubstr("of 80.0 GB"));
  // 1.26 TB of states on 64 accelerators leave room only when spread.
  spec = bed.Spec({.tensor = 8, .data = 8, .micro_batches = 8});
  EXPECT_THAT(std::string(CheckFits(spec, Bytes(80e9)).status().message()),
              HasSubstr("smallest change that fits: "));
}

}  // namespace
}  // namespace fleetsim
