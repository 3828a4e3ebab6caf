#include "sim/validation/micro_batch.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/plan/estimate.h"
#include "sim/training/fit.h"
#include "sim/training/step.h"
#include "sim/validation/case_platform.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

// A pipelined run of a Llama with 24 layers on 64 H100 whose table leaves the schedule out.
MeasuredCase Unstated() {
  MeasuredCase measured;
  measured.id = measured.family = measured.model = "x";
  measured.grade = "B";
  measured.stack = "megatron-core-2024";
  measured.accelerator = "H100-80GB SXM";
  measured.precision = "bf16";
  measured.recompute = "none";
  measured.layers = 24;
  measured.hidden = 4096;
  measured.heads = 32;
  measured.kv_heads = 8;
  measured.ffn = 14336;
  measured.vocab = 128256;
  measured.sequence_length = 4096;
  measured.accelerators = 64;
  measured.per_node = 8;
  measured.tensor = 4;
  measured.pipeline = 4;
  measured.data = 4;
  measured.global_batch = 64;
  return measured;
}

class ChooseMicroBatchTest : public ::testing::Test {
 protected:
  Translation Chosen(const MeasuredCase& measured) {
    auto translation = Translate(measured, catalog_, {});
    EXPECT_TRUE(translation.ok()) << translation.status();
    const absl::Status status = ChooseMicroBatch(measured, catalog_, *translation);
    EXPECT_TRUE(status.ok()) << status;
    return *std::move(translation);
  }

  Catalog catalog_ = *ReadCatalog(FLEETSIM_SOURCE_DIR "/platforms/catalog");
};

TEST_F(ChooseMicroBatchTest, LeavesAStatedOneAlone) {
  MeasuredCase measured = Unstated();
  measured.micro_batch = 2;
  const Translation chosen = Chosen(measured);
  EXPECT_EQ(chosen.spec.strategy.micro_batch, 2);
  EXPECT_EQ(chosen.spec.strategy.virtual_stages, 1);
}

TEST_F(ChooseMicroBatchTest, NothingThatFitsIsFasterByTheClosedForm) {
  const MeasuredCase measured = Unstated();
  const Translation chosen = Chosen(measured);
  const Strategy& best = chosen.spec.strategy;
  EXPECT_EQ(best.micro_batch * best.micro_batches * best.data, 64);
  EXPECT_THAT(chosen.rules.back(), HasSubstr("virtual stages not stated"));
  const auto platform = CasePlatform::Make(chosen.fleet, catalog_);
  ASSERT_TRUE(platform.ok()) << platform.status();
  const WorkerHardware hardware =
      *HardwareOf(platform->fleet().leaves.front(), catalog_, DataType::kBf16);
  const Seconds fastest = EstimateStep(chosen.spec, hardware, platform->fleet());
  for (int size : {1, 2, 4, 8}) {
    MeasuredCase stated = measured;
    stated.micro_batch = size;
    const Translation other = Chosen(stated);
    if (MemoryOf(other.spec).Total() > hardware.device.accelerator->UsableMemory()) continue;
    EXPECT_LE(fastest, EstimateStep(other.spec, hardware, platform->fleet())) << size;
  }
}

TEST_F(ChooseMicroBatchTest, CompleteTablesDidNotInterleave) {
  MeasuredCase measured = Unstated();
  measured.grade = "A";
  EXPECT_EQ(Chosen(measured).spec.strategy.virtual_stages, 1);
}

}  // namespace
}  // namespace fleetsim
