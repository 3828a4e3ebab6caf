#include "sim/reliability/resolve_run.h"

#include <gmock/gmock.h>

#include "sim/base/check.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/model_reader.h"
#include "sim/platform/read.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

const std::string kSource = FLEETSIM_SOURCE_DIR;

template <class T>
T Must(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return *std::move(value);
}

// A job on a shipped platform, without its simulation: a step of six seconds.
struct Bed {
  Catalog catalog = Must(ReadCatalog(kSource + "/platforms/catalog"));
  Fleet fleet;
  Architecture model;
  TrainingSpec spec;
  StepResult step;
  ReliabilityRequest request;

  Bed(const std::string& platform, const std::string& model_name, const std::string& stack,
      const Strategy& strategy) {
    fleet = Must(ReadFleet(kSource + "/platforms/" + platform, catalog));
    model = Must(FindModel(model_name, kSource + "/workloads/models"));
    spec.model = &model;
    spec.stack = Must(FindStack(catalog, stack));
    spec.strategy = strategy;
    step.duration = Seconds(6);
    step.accelerators = strategy.Accelerators();
    step.memory.weights = Bytes(6e9);
    step.memory.optimizer = Bytes(2e9);
  }

  absl::StatusOr<ResolvedRun> Resolve() const {
    return ResolveRun({.request = &request,
                       .spec = &spec,
                       .step = &step,
                       .fleet = &fleet,
                       .catalog = &catalog,
                       .steps = 1000});
  }
};

Bed Llama() {
  return Bed("h100-16k-ndr.xml", "llama3.1-405b", "llama3-2024",
             {.tensor = 8, .pipeline = 16, .data = 128});
}

// As published: 419 in 54 days, shares by cause.
TEST(ResolveRun, HasTheRatesOfItsRecord) {
  const ResolvedRun run = Must(Llama().Resolve());
  EXPECT_EQ(run.record, "llama3-h100");
  EXPECT_THAT(54 * kSecondsPerDay / MeanTimeBetweenStops(run.model).value(), DoubleNear(419, 1e-6));
  EXPECT_THAT(54 * kSecondsPerDay / run.model.causes[0].mean_time_between.value(),
              DoubleNear(148, 1e-6));
}

// One unexpected stop per 50,700 accelerator-hours, whatever the size.
TEST(ResolveRun, RatesGrowWithTheJob) {
  const Bed bed("h100-16k-ndr.xml", "llama3.1-405b", "llama3-2024",
                {.tensor = 8, .pipeline = 16, .data = 8});
  const double hours = MeanTimeBetweenStops(Must(bed.Resolve()).model).value() / kSecondsPerHour;
  EXPECT_THAT(hours * 1024, DoubleNear(16384 * 54 * 24 / 419.0, 1e-3));
}

TEST(ResolveRun, NothingFailsAtARateOfZero) {
  Bed bed = Llama();
  bed.request.failure_rate = 0.0;
  const ResolvedRun run = Must(bed.Resolve());
  EXPECT_TRUE(run.model.causes.empty());
  EXPECT_EQ(run.model.checkpoint.steps_between, 0);
}

// 176 billion parameters at 14 bytes; 2.3 TB were published, written in 40 s.
TEST(ResolveRun, CheckpointOfBloom) {
  Bed bed("a100-3k-hdr.xml", "bloom-176b", "megatron-deepspeed-2022",
          {.tensor = 4, .pipeline = 12, .data = 8});
  bed.request.record = "bloom-a100";
  const ResolvedRun run = Must(bed.Resolve());
  EXPECT_THAT(run.model.checkpoint.bytes.value(), DoubleNear(2.3e12, 0.08 * 2.3e12));
  EXPECT_THAT(run.model.checkpoint.pause.value(), DoubleNear(40, 0.1 * 40));
}

TEST(ResolveRun, AsynchronousCheckpointsPauseForTheCopy) {
  Bed bed = Llama();
  bed.request.checkpoint.asynchronous = true;
  bed.request.checkpoint.storage_bandwidth = BytesPerSecond(10e9);
  const CheckpointPlan plan = Must(bed.Resolve()).model.checkpoint;
  // 8 GB of an accelerator over PCI Express 5.0 x16.
  EXPECT_THAT(plan.pause.value(), DoubleNear(8e9 / 63e9, 1e-6));
  EXPECT_EQ(plan.write - plan.pause, plan.bytes / BytesPerSecond(10e9));
  // One is written before the next one begins.
  EXPECT_GE(plan.steps_between * 6.0, (plan.write - plan.pause).value());
}

TEST(ResolveRun, IntervalsAreWholeSteps) {
  Bed bed = Llama();
  bed.request.checkpoint.interval = Seconds(100);
  EXPECT_EQ(Must(bed.Resolve()).model.checkpoint.steps_between, 17);
  bed.request.checkpoint.interval = Seconds();
  EXPECT_EQ(Must(bed.Resolve()).model.checkpoint.steps_between, 0);
}

TEST(ResolveRun, MixedFleetsHaveTheirOwnRatesAndSpares) {
  Bed bed("mixed-h20-910b.xml", "llama3-8b", "megatron-core-2024", {.tensor = 8});
  bed.spec.strategy.data = bed.fleet.Accelerators() / 8;
  bed.step.accelerators = bed.fleet.Accelerators();
  const std::string first = bed.fleet.leaves.front().accelerator->name;
  const std::string last = bed.fleet.leaves.back().accelerator->name;
  ASSERT_NE(first, last);
  bed.request.spares = {{.accelerator = last, .hosts = 3}};
  const ResolvedRun run = Must(bed.Resolve());
  EXPECT_THAT(run.model.pools,
              ElementsAre(Field(&HostPool::spares, 0), Field(&HostPool::spares, 3)));
  EXPECT_THAT(run.record, HasSubstr("huawei-ascend-10k"));
  EXPECT_EQ(run.spare_hosts, 3);
  bed.request.spares = {{.accelerator = "", .hosts = 3}};
  EXPECT_THAT(std::string(bed.Resolve().status().message()), HasSubstr("several kinds"));
  bed.request.spares = {{.accelerator = "nvidia-h100-sxm-80gb", .hosts = 3}};
  EXPECT_THAT(std::string(bed.Resolve().status().message()), HasSubstr("no kind of the job"));
}

TEST(ResolveRun, SaysWhatItAssumes) {
  Bed bed = Llama();
  std::vector<std::string> what;
  for (const Assumption& assumption : Must(bed.Resolve()).assumptions) {
    what.push_back(assumption.what);
  }
  EXPECT_THAT(what, ::testing::Contains(HasSubstr("replaced at once")));
  bed.request.record = "llama3-h1000";
  EXPECT_THAT(std::string(bed.Resolve().status().message()), HasSubstr("did you mean"));
}

}  // namespace
}  // namespace fleetsim
