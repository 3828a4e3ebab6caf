#include "sim/hardware/serving_kernel.h"

#include <cmath>
#include <functional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/hardware/serving_kernel_fixture.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;

TEST_F(ServingKernelTest, FewRowsTakeWhatTheWeightsTake) {
  const KernelCost cost = ServingGemm(device_, kWide, {16, 8192, 8192});
  const double reading = (2.0 * 8192 * 8192 + 2 * 16 * 8192 + 2 * 16 * 8192) / (2e12 * 0.8);
  // 64 tiles on 100 units: one round of a whole tile.
  const double tiled = 2.0 * 128 * 128 * 8192 / (400e12 / 100 * 0.8);
  EXPECT_DOUBLE_EQ(cost.reading.value(), reading);
  // Of the 16 rows alone, at the rate of the whole chip.
  EXPECT_DOUBLE_EQ(cost.arithmetic.value(), 2.0 * 16 * 8192 * 8192 / (400e12 * 0.5));
  EXPECT_DOUBLE_EQ(cost.time.value(),
                   3e-6 + std::max(reading, tiled) + 0.1 * std::min(reading, tiled));
}

TEST_F(ServingKernelTest, ManyRowsTakeTheSustainedRate) {
  const KernelCost cost = ServingGemm(device_, kFp8, {8192, 8192, 8192});
  EXPECT_DOUBLE_EQ(cost.arithmetic.value(), 2 * std::pow(8192.0, 3) / (800e12 * 0.5));
}

TEST_F(ServingKernelTest, WeightOnlyFormatsReadNarrowAndMultiplyWide) {
  const GemmShape shape{16, 8192, 8192};
  const KernelCost wide = ServingGemm(device_, kWide, shape);
  const KernelCost narrow = ServingGemm(device_, kInt4Only, shape);
  EXPECT_DOUBLE_EQ(narrow.arithmetic.value(), wide.arithmetic.value());
  const double activations = (2.0 * 16 * 8192 + 2 * 16 * 8192) / (2e12 * 0.8);
  EXPECT_NEAR((narrow.reading.value() - activations) / (wide.reading.value() - activations), 0.25,
              1e-12);
}

TEST_F(ServingKernelTest, VectorKernelsServeOneRowAndNotMany) {
  kernels_.serving.products[0].vector_start_up = Seconds(1e-6);
  kernels_.serving.products[0].vector = 0.002;
  const double work = 2.0 * 4096 * 4096;
  const double reading = (2.0 * 4096 * 4096 + 4 * 4096) / (2e12 * 0.8);
  EXPECT_DOUBLE_EQ(ServingGemm(device_, kWide, {1, 4096, 4096}).time.value(),
                   1e-6 + std::max(reading, work / (400e12 * 0.002)));
  const double many = ServingGemm(device_, kWide, {256, 4096, 4096}).time.value();
  EXPECT_LT(many, 256 * work / (400e12 * 0.002));
}

TEST_F(ServingKernelTest, FormatsWithoutUnitsBecomeWeightOnly) {
  EXPECT_FALSE(RunnableFormat(accelerator_, kFp8).WeightsOnly());
  accelerator_.peak[static_cast<int>(DataType::kFp8)] = FlopsPerSecond(0);
  const ProductFormat held = RunnableFormat(accelerator_, kFp8);
  EXPECT_TRUE(held.WeightsOnly());
  EXPECT_EQ(held.weights.dtype, DataType::kFp8);
  // Weights of the nearest width stand in: INT8.
  EXPECT_NEAR(ServingGemm(device_, held, {1, 8192, 8192}).reading.value(),
              8192.0 * 8192 / (2e12 * 0.8), 1e-7);
}

TEST_F(ServingKernelTest, QuantisingReadsWideAndWritesNarrow) {
  const double cast = 1e-6 + 3.0 * 512 * 8192 / (2e12 * 0.5);
  EXPECT_DOUBLE_EQ(QuantiseActivations(device_, DataType::kFp8, 512, 8192, true).value(), cast);
  EXPECT_DOUBLE_EQ(QuantiseActivations(device_, DataType::kFp8, 512, 8192, false).value(),
                   cast + 7e-6 + 2.0 * 512 * 8192 / (2e12 * 0.8));
  EXPECT_EQ(QuantiseActivations(device_, DataType::kBf16, 512, 8192, false).value(), 0.0);
}

// One unit after the other's row: 100 units, so many elements each.
TEST_F(ServingKernelTest, ScalesOfRowsAreFoundAtTheUnitsPace) {
  const NumberFormat rows{DataType::kFp8, Scaling::kRow};
  const double cast = 1e-6 + 3.0 * 512 * 8192 / (2e12 * 0.5);
  EXPECT_DOUBLE_EQ(QuantiseActivations(device_, rows, 512, 8192, false).value(), cast);
  kernels_.serving.row_cast_element = Seconds(1e-9);
  EXPECT_DOUBLE_EQ(QuantiseActivations(device_, rows, 512, 8192, false).value(),
                   1e-6 + 1e-9 * 512 * 8192 / 100);
  EXPECT_DOUBLE_EQ(QuantiseActivations(device_, rows, 512, 8192, true).value(), cast);
}

TEST_F(ServingKernelTest, LongDecodeReadsTheCache) {
  const DecodeShape shape{.batch = 100, .heads = 32, .kv_heads = 8, .kv_tokens = 6400};
  const double bytes = 100.0 * 8 * 6400 * 256 * 2;
  EXPECT_DOUBLE_EQ(DecodeAttention(device_, shape).time.value(), 5e-6 + bytes / (2e12 * 0.8));
  DecodeShape narrow = shape;
  narrow.cache = DataType::kFp8;
  EXPECT_DOUBLE_EQ(DecodeAttention(device_, narrow).reading.value(), bytes / 2 / (2e12 * 0.8));
  DecodeShape windowed = shape;
  windowed.window = 640;
  EXPECT_DOUBLE_EQ(DecodeAttention(device_, windowed).reading.value(), bytes / 10 / (2e12 * 0.8));
}

TEST_F(ServingKernelTest, OneSequenceIsSplitOverTheUnits) {
  // 8 pieces on 100 units: 12 parts each of 8192 / 12 keys, in whole steps of 64.
  const KernelCost cost = DecodeAttention(device_, {.heads = 8, .kv_heads = 8, .kv_tokens = 8192});
  const double part = 704.0 * 256 * 2 / (2e12 * 0.8 / 100);
  const double partials = 8.0 * 12 * 8 * 128 / (2e12 * 0.8);
  EXPECT_NEAR(cost.time.value(), 5e-6 + part + 2e-6 + partials, 1e-15);
  kernels_.serving.decode[0].max_split = 1;
  EXPECT_NEAR(DecodeAttention(device_, {.heads = 8, .kv_heads = 8, .kv_tokens = 8192}).time.value(),
              5e-6 + 8192.0 * 256 * 2 / (2e12 * 0.8 / 100), 1e-15);
}

// 40 pieces on 100 units: two parts each with one to a unit, twenty with eight; 800 parts are as
// much as 8 rounds.
TEST_F(ServingKernelTest, CachesAreCutUntilUnitsHaveTheirParts) {
  const DecodeShape shape{.batch = 5, .heads = 8, .kv_heads = 8, .kv_tokens = 6400};
  const double key = 256 * 2 / (2e12 * 0.8 / 100);
  EXPECT_NEAR(DecodeAttention(device_, shape).reading.value(), 3200 * key, 1e-12);
  kernels_.serving.decode[0].parts_per_unit = 8;
  EXPECT_NEAR(DecodeAttention(device_, shape).reading.value(), 8 * 320 * key, 1e-12);
}

TEST_F(ServingKernelTest, PrefillMeetsKeysUpToTheDiagonalAndThePast) {
  // 8 blocks of 128 queries x 100 heads: 8 rounds; keys in the mean: the past and half of the own.
  const PrefillShape shape{
      .heads = 100, .kv_heads = 100, .query_tokens = 1024, .past_tokens = 2048};
  const double per_key = 2.0 * 128 * 256 / (400e12 / 100 * 0.6);
  EXPECT_DOUBLE_EQ(PrefillAttention(device_, shape).arithmetic.value(),
                   per_key * 8 * (2048 + 9.0 / 2 * 128));
}

TEST_F(ServingKernelTest, ChunksOfAPromptDoTheSameArithmetic) {
  const PrefillShape whole{.heads = 100, .kv_heads = 10, .query_tokens = 4096};
  Seconds chunks, times;
  for (int past = 0; past < 4096; past += 1024) {
    const KernelCost cost = PrefillAttention(
        device_, {.heads = 100, .kv_heads = 10, .query_tokens = 1024, .past_tokens = double(past)});
    chunks += cost.arithmetic;
    times += cost.time;
  }
  const KernelCost once = PrefillAttention(device_, whole);
  EXPECT_NEAR(chunks.value(), once.arithmetic.value(), 1e-12);
  EXPECT_GT(times.value(), once.time.value());
}

TEST_F(ServingKernelTest, LatentDecodeSharesOneKeyAmongHeads) {
  const LatentDecodeShape shape{.batch = 100, .heads = 128, .kv_tokens = 6400};
  const KernelCost cost = LatentDecode(device_, shape);
  EXPECT_DOUBLE_EQ(cost.reading.value(), 100.0 * 6400 * 576 * 2 / (2e12 * 0.8));
  EXPECT_DOUBLE_EQ(cost.arithmetic.value(), 100.0 * 6400 * 2 * 128 * (576 + 512) / (400e12 * 0.5));
  LatentDecodeShape sparse = shape;
  sparse.selected = 2048;
  EXPECT_DOUBLE_EQ(LatentDecode(device_, sparse).arithmetic.value(),
                   cost.arithmetic.value() * 2048 / 6400);
}

TEST_F(ServingKernelTest, ExpertLayerReadsWhatIsTouched) {
  const ExpertShape shape{
      .copies = 8, .routed = 64, .hidden = 4096, .inter = 1536, .experts = 16, .touched = 8};
  const KernelCost cost = ExpertLayer(device_, kWide, shape);
  const double weights = 3.0 * 4096 * 1536;
  const double reading = 8 * weights * 2 / (2e12 * 0.8);
  EXPECT_DOUBLE_EQ(cost.reading.value(), reading);
  // One token an expert is padded to a tile of 64 rows.
  EXPECT_DOUBLE_EQ(cost.arithmetic.value(), 2 * 64 * 8 * weights / (400e12 * 0.5));
  const double copies = 8 * 2.0 * (4 * 4096 + 4 * 1536) / 2e12;
  EXPECT_DOUBLE_EQ(cost.time.value(), 2e-5 + 8e-7 + 16e-8 + 64e-10 + reading + copies);
}

// 65 and 1 tokens take three tiles of 64, 33 each would take two; two layers are a mean of both.
TEST_F(ServingKernelTest, UnevenExpertsFillMoreTiles) {
  ExpertShape shape{.copies = 66, .hidden = 4096, .inter = 1536, .experts = 16, .touched = 2};
  const double tile = 2 * 64 * 3.0 * 4096 * 1536 / (400e12 * 0.5);
  EXPECT_DOUBLE_EQ(ExpertLayer(device_, kWide, shape).arithmetic.value(), 2 * tile);
  shape.groups = {65, 1};
  EXPECT_DOUBLE_EQ(ExpertLayer(device_, kWide, shape).arithmetic.value(), 3 * tile);
  shape.groups = {65, 1, 33, 33};
  shape.layers = 2;
  EXPECT_DOUBLE_EQ(ExpertLayer(device_, kWide, shape).arithmetic.value(), 2.5 * tile);
}

// Few rows to an expert suit the second kernel, whose tiles are small; many the first.
TEST_F(ServingKernelTest, TheFasterOfTwoExpertKernelsRuns) {
  ExpertLayerKernel small = kernels_.serving.experts[0];
  small.start_up = Seconds(1e-6);
  small.arithmetic *= 0.1;
  small.row_tile = 8;
  const ExpertShape few{.copies = 8, .hidden = 4096, .inter = 1536, .experts = 8, .touched = 8};
  ExpertShape many = few;
  many.copies = 65536;
  const Seconds few_alone = ExpertLayer(device_, kWide, few).time;
  const Seconds many_alone = ExpertLayer(device_, kWide, many).time;
  kernels_.serving.experts.push_back(small);
  EXPECT_LT(ExpertLayer(device_, kWide, few).time, few_alone);
  EXPECT_EQ(ExpertLayer(device_, kWide, many).time.value(), many_alone.value());
  // What an engine's library states is all that it runs.
  kernels_.serving.experts.back().library = KernelLibrary::kSglang;
  EXPECT_EQ(ExpertLayer(device_, kWide, few).time.value(), few_alone.value());
  device_.serving = KernelLibrary::kSglang;
  EXPECT_LT(ExpertLayer(device_, kWide, few).time, few_alone);
  EXPECT_GT(ExpertLayer(device_, kWide, many).time, many_alone);
}

TEST_F(ServingKernelTest, NoCopiesCostNothing) {
  EXPECT_EQ(
      ExpertLayer(device_, kWide, {.hidden = 4096, .inter = 1536, .experts = 16}).time.value(),
      0.0);
}

TEST(DistinctExpertsTest, AgreesWithOccupancy) {
  EXPECT_NEAR(DistinctExperts(128, 1), 1, 1e-9);
  // 3 of 4 cells hit by the n-th throw: 4 (1 - (3/4)^n).
  EXPECT_NEAR(DistinctExperts(4, 3), 4 * (1 - 27.0 / 64), 1e-12);
  EXPECT_NEAR(DistinctExperts(64, 1e5), 64, 1e-9);
  EXPECT_NEAR(DistinctExperts(1, 5), 1, 1e-6);
}

TEST(BusiestRankCopiesTest, IsTheLargestOfPoissonCounts) {
  EXPECT_DOUBLE_EQ(BusiestRankCopies(17, 1), 17);
  // Two counts: the mean plus half their expected distance, sqrt(mean / pi) of many.
  EXPECT_NEAR(BusiestRankCopies(1e4, 2), 1e4 + std::sqrt(1e4 / M_PI), 1);
  // Of 16 normal counts the largest lies 1.766 deviations above the mean.
  EXPECT_NEAR(BusiestRankCopies(1e5, 16), 1e5 + 1.766 * std::sqrt(1e5), 5);
  // One token of eight copies on 16 ranks: two of them meet somewhere.
  EXPECT_NEAR(BusiestRankCopies(0.5, 16), 2.0, 0.1);
  EXPECT_LE(BusiestRankCopies(0.01, 4), 0.04);
}

TEST_F(ServingKernelTest, MoreWorkIsNeverFaster) {
  const auto rises = [](const std::function<Seconds(double)>& time, double step) {
    for (int i = 1; i < 100; ++i) {
      ASSERT_LE(time(step * i).value(), time(step * (i + 1)).value() * (1 + 1e-12)) << step * i;
    }
  };
  rises([&](double m) { return ServingGemm(device_, kWide, {m, 4096, 4096}).time; }, 1);
  rises([&](double m) { return ServingGemm(device_, kFp8, {m, 8192, 1024}).time; }, 128);
  rises(
      [&](double q) {
        return PrefillAttention(device_, {.heads = 32, .kv_heads = 8, .query_tokens = q}).time;
      },
      64);
  rises(
      [&](double past) {
        return PrefillAttention(
                   device_, {.heads = 32, .kv_heads = 8, .query_tokens = 512, .past_tokens = past})
            .time;
      },
      128);
  // With as many pieces as units nothing is split, and only the reading grows.
  rises(
      [&](double keys) {
        return DecodeAttention(device_,
                               {.batch = 25, .heads = 32, .kv_heads = 4, .kv_tokens = keys})
            .time;
      },
      100);
  rises(
      [&](double copies) {
        return ExpertLayer(device_, kWide,
                           {.copies = copies,
                            .hidden = 2048,
                            .inter = 768,
                            .experts = 64,
                            .touched = DistinctExperts(64, copies)})
            .time;
      },
      64);
}

TEST_F(ServingKernelTest, MoreBandwidthIsNeverSlower) {
  std::vector<double> before = AllTimes();
  for (double bandwidth = 3e12; bandwidth < 2e13; bandwidth *= 1.5) {
    accelerator_.memory_bandwidth = BytesPerSecond(bandwidth);
    const std::vector<double> after = AllTimes();
    for (size_t i = 0; i < after.size(); ++i) EXPECT_LE(after[i], before[i]) << i;
    before = after;
  }
}

TEST_F(ServingKernelTest, FasterUnitsAreNeverSlower) {
  const std::vector<double> before = AllTimes();
  device_.speed_ratio = 1.5;
  const std::vector<double> after = AllTimes();
  for (size_t i = 0; i < after.size(); ++i) EXPECT_LE(after[i], before[i]) << i;
}

TEST(ServingOfTest, ClassWithoutServingKernelsUsesItsOthers) {
  KernelClass kernels;
  kernels.tiles = {{128, 128, 0.9}};
  kernels.matrix = {{DataType::kBf16, 0.8, 0.7, 100}};
  kernels.memory_efficiency = 0.75;
  kernels.start_up = Seconds(4e-6);
  kernels.attention = {{AttentionKernel::kFlash2, 128, 128, Seconds(5e-6), 0, {{128, 0.6, 0.5}}}};
  kernels.serving = ServingOf(kernels);
  Accelerator accelerator;
  accelerator.compute_units = 100;
  accelerator.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(400e12);
  accelerator.memory_bandwidth = BytesPerSecond(2e12);
  const Device device{&accelerator, &kernels};
  const GemmShape shape{64, 8192, 4096};
  EXPECT_DOUBLE_EQ(ServingGemm(device, kWide, shape).time.value(),
                   GemmTime(device, DataType::kBf16, shape).value());
}

}  // namespace
}  // namespace fleetsim
