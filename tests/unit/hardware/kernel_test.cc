#include "sim/hardware/kernel.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

// Round numbers, the same as in tests/reference/kernel_reference.py.
class KernelTest : public ::testing::Test {
 protected:
  KernelTest() {
    accelerator_.compute_units = 100;
    accelerator_.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(400e12);
    accelerator_.peak[static_cast<int>(DataType::kFp16)] = FlopsPerSecond(400e12);
    accelerator_.peak[static_cast<int>(DataType::kFp8)] = FlopsPerSecond(800e12);
    accelerator_.memory_bandwidth = BytesPerSecond(2e12);
    kernels_.tiles = {{128, 256, 1.0}, {128, 128, 0.9}, {64, 64, 0.6}};
    kernels_.matrix = {{DataType::kBf16, 0.95, 0.8, 200}, {DataType::kFp8, 0.9, 0.7, 300}};
    kernels_.max_split = 8;
    kernels_.min_split_depth = 256;
    kernels_.split_latency = Seconds(2e-6);
    kernels_.start_up = Seconds(3e-6);
    kernels_.overlap_loss = 0.1;
    kernels_.memory_efficiency = 0.8;
    kernels_.attention = {{AttentionKernel::kFlash2,
                           128,
                           128,
                           Seconds(5e-6),
                           150,
                           {{64, 0.4, 0.3}, {128, 0.6, 0.5}}}};
    kernels_.stream_efficiency = 0.9;
    kernels_.stream_start_up = Seconds(3e-6);
    device_ = {&accelerator_, &kernels_, 1.0};
  }

  double Gemm(DataType dtype, const GemmShape& shape) const {
    return GemmTime(device_, dtype, shape).value();
  }
  double Forward(const AttentionShape& shape) const {
    return FlashAttentionForward(device_, DataType::kBf16, shape).value();
  }
  double Backward(const AttentionShape& shape) const {
    return FlashAttentionBackward(device_, DataType::kBf16, shape).value();
  }

  Accelerator accelerator_;
  KernelClass kernels_;
  Device device_;
};

const std::vector<GemmShape> kShapes = {
    {4096, 4096, 4096}, {4097, 4096, 4096},  {1024, 1024, 16384}, {16, 8192, 8192},
    {1, 1, 1},          {2048, 12288, 1536}, {300, 5120, 640},    {2048, 2048, 128, 96},
    {1000, 999, 37},    {32768, 32768, 8192}};

const std::vector<AttentionShape> kAttention = {
    {1, 32, 32, 128, 128, 4096, 4096, true},  {2, 8, 2, 64, 64, 2048, 2048, true},
    {4, 16, 16, 128, 128, 1024, 1024, false}, {1, 1, 1, 128, 128, 8192, 8192, true},
    {1, 40, 8, 96, 96, 512, 4096, true},      {64, 12, 12, 64, 64, 128, 128, false}};

TEST_F(KernelTest, ProductsAgreeWithTheReference) {
  struct Case {
    DataType dtype;
    GemmShape shape;
    double seconds;
  };
  const DataType bf16 = DataType::kBf16, fp8 = DataType::kFp8;
  for (const Case& c : std::vector<Case>{{bf16, {4096, 4096, 4096}, 4.538324918e-04},
                                         {bf16, {4097, 4096, 4096}, 4.538335158e-04},
                                         {bf16, {1024, 1024, 16384}, 1.645422181e-04},
                                         {bf16, {16, 8192, 8192}, 9.324422175e-05},
                                         {bf16, {2048, 12288, 1536}, 2.504901504e-04},
                                         {bf16, {1, 1, 1}, 3.722189849e-06},
                                         {bf16, {2048, 2048, 128, 96}, 7.554084682e-04},
                                         {fp8, {8192, 8192, 8192}, 1.983190837e-03},
                                         {fp8, {300, 5120, 640}, 1.053887407e-05}}) {
    EXPECT_NEAR(Gemm(c.dtype, c.shape) / c.seconds, 1, 1e-9)
        << c.shape.m << "x" << c.shape.n << "x" << c.shape.k;
  }
}

TEST_F(KernelTest, ClockMovesArithmeticAndNothingElse) {
  kernels_.overlap_loss = 0.0;
  const GemmShape large{8192, 8192, 8192};
  const double start_up = kernels_.start_up.value();
  const double before = Gemm(DataType::kBf16, large) - start_up;
  const double sliver = Gemm(DataType::kBf16, {1, 8192, 8192});
  const double stream = StreamTime(device_, Bytes(1e9)).value();
  const double attention = Forward(kAttention[0]) - 5e-6;
  device_.clock_ratio = 0.8;
  EXPECT_NEAR(Gemm(DataType::kBf16, large) - start_up, before / 0.8, 1e-12);
  EXPECT_NEAR(Forward(kAttention[0]) - 5e-6, attention / 0.8, 1e-12);
  EXPECT_DOUBLE_EQ(Gemm(DataType::kBf16, {1, 8192, 8192}), sliver);  // memory decides
  EXPECT_DOUBLE_EQ(StreamTime(device_, Bytes(1e9)).value(), stream);
}

TEST_F(KernelTest, EarlyLibrariesSlowTheArithmeticOfProductsAlone) {
  // Compulsory traffic of this product is hidden but for its overlap loss.
  const GemmShape large{32768, 32768, 8192};
  const double memory = 0.1 * 2 * (2 * 32768.0 * 8192 + 32768.0 * 32768) / (2e12 * 0.8);
  const double arithmetic = Gemm(DataType::kBf16, large) - 3e-6 - memory;
  const double attention = Forward(kAttention[0]);
  kernels_.libraries = {{2022, 0.5}, {2023, 0.8}};
  EXPECT_NEAR(Gemm(DataType::kBf16, large) - 3e-6 - memory, arithmetic, 1e-9);  // the newest
  const std::vector<std::pair<int, double>> years = {
      {2021, 0.5}, {2022, 0.5}, {2023, 0.8}, {2024, 1}};
  for (const auto& [year, ratio] : years) {
    device_.library_year = year;
    EXPECT_NEAR(Gemm(DataType::kBf16, large) - 3e-6 - memory, arithmetic / ratio, 1e-9) << year;
  }
  EXPECT_DOUBLE_EQ(Forward(kAttention[0]), attention);
}

TEST_F(KernelTest, AttentionAgreesWithTheReference) {
  const std::vector<double> forward = {6.844444800e-04, 8.106272000e-05, 1.973481600e-04,
                                       2.327922133e-04, 2.042622080e-04, 5.054752000e-05};
  const std::vector<double> backward = {2.048333440e-03, 2.635424000e-04, 5.870444800e-04,
                                        6.933766400e-04, 6.326944000e-04, 1.618250667e-04};
  for (size_t i = 0; i < kAttention.size(); ++i) {
    EXPECT_NEAR(Forward(kAttention[i]) / forward[i], 1, 1e-9) << i;
    EXPECT_NEAR(Backward(kAttention[i]) / backward[i], 1, 1e-9) << i;
  }
}

TEST_F(KernelTest, StreamsAgreeWithTheReference) {
  EXPECT_NEAR(StreamTime(device_, Bytes(0)).value(), 3e-6, 1e-15);
  EXPECT_NEAR(StreamTime(device_, Bytes(1e6)).value(), 3.555555556e-06, 1e-15);
  EXPECT_NEAR(StreamTime(device_, Bytes(1e9)).value(), 5.585555556e-04, 1e-13);
}

TEST_F(KernelTest, NeverFasterThanPeakOrMemory) {
  for (const GemmShape& s : kShapes) {
    const double flops = 2 * s.m * s.n * s.k * s.batch;
    const double bytes = 2 * s.batch * (s.m * s.k + s.k * s.n + s.m * s.n);
    EXPECT_GT(Gemm(DataType::kBf16, s), std::max(flops / 400e12, bytes / 2e12));
  }
  for (const AttentionShape& s : kAttention) {
    const double pairs = s.batch * s.heads *
                         (s.causal ? s.query_tokens * (s.kv_tokens - s.query_tokens / 2)
                                   : s.query_tokens * s.kv_tokens);
    EXPECT_GT(Forward(s), 4 * pairs * s.head_dim / 400e12);
    EXPECT_GT(Backward(s), 10 * pairs * s.head_dim / 400e12);
  }
}

// Twice the peak and the bandwidth and half of every latency: half the time, exactly.
TEST_F(KernelTest, TwiceTheMachineTakesHalfTheTime) {
  Accelerator fast = accelerator_;
  for (FlopsPerSecond& peak : fast.peak) peak *= 2;
  fast.memory_bandwidth *= 2;
  KernelClass quick = kernels_;
  for (Seconds* latency : {&quick.start_up, &quick.split_latency, &quick.stream_start_up,
                           &quick.attention[0].start_up}) {
    *latency *= 0.5;
  }
  const Device twice{&fast, &quick, 1.0};
  for (const GemmShape& shape : kShapes) {
    for (DataType dtype : {DataType::kBf16, DataType::kFp8}) {
      EXPECT_DOUBLE_EQ(2 * GemmTime(twice, dtype, shape).value(), Gemm(dtype, shape));
    }
  }
  for (const AttentionShape& shape : kAttention) {
    EXPECT_DOUBLE_EQ(2 * FlashAttentionForward(twice, DataType::kBf16, shape).value(),
                     Forward(shape));
    EXPECT_DOUBLE_EQ(2 * FlashAttentionBackward(twice, DataType::kBf16, shape).value(),
                     Backward(shape));
  }
  EXPECT_DOUBLE_EQ(2 * StreamTime(twice, Bytes(1e8)).value(),
                   StreamTime(device_, Bytes(1e8)).value());
}

TEST_F(KernelTest, MorePeakOrBandwidthIsNeverSlower) {
  Accelerator more_peak = accelerator_, more_bandwidth = accelerator_;
  for (FlopsPerSecond& peak : more_peak.peak) peak *= 1.3;
  more_bandwidth.memory_bandwidth *= 1.3;
  for (const Accelerator* better : {&more_peak, &more_bandwidth}) {
    const Device device{better, &kernels_, 1.0};
    for (const GemmShape& shape : kShapes) {
      EXPECT_LE(GemmTime(device, DataType::kBf16, shape).value(), Gemm(DataType::kBf16, shape));
    }
    for (const AttentionShape& shape : kAttention) {
      EXPECT_LE(FlashAttentionForward(device, DataType::kBf16, shape).value(), Forward(shape));
      EXPECT_LE(FlashAttentionBackward(device, DataType::kBf16, shape).value(), Backward(shape));
    }
  }
}

TEST_F(KernelTest, LargerProductsAreNeverFaster) {
  for (const GemmShape& shape : kShapes) {
    for (double GemmShape::*size : {&GemmShape::m, &GemmShape::n, &GemmShape::batch}) {
      for (double factor : {1.01, 1.5, 2.0, 7.3}) {
        GemmShape larger = shape;
        larger.*size = std::ceil(larger.*size * factor);
        EXPECT_GE(Gemm(DataType::kBf16, larger), Gemm(DataType::kBf16, shape));
      }
    }
  }
}

// The one way in which more depth may help: it becomes deep enough to be split.
TEST_F(KernelTest, DeeperProductsAreNeverFasterWithoutSplits) {
  kernels_.max_split = 1;
  for (const GemmShape& shape : kShapes) {
    GemmShape deeper = shape;
    deeper.k += 1;
    EXPECT_GT(Gemm(DataType::kBf16, deeper), Gemm(DataType::kBf16, shape));
  }
}

TEST_F(KernelTest, SplittingNeverHurts) {
  std::vector<double> split;
  for (const GemmShape& shape : kShapes) split.push_back(Gemm(DataType::kBf16, shape));
  kernels_.max_split = 1;
  for (size_t i = 0; i < kShapes.size(); ++i) {
    EXPECT_LE(split[i], Gemm(DataType::kBf16, kShapes[i]));
  }
  EXPECT_LT(split[2], Gemm(DataType::kBf16, kShapes[2]));  // 32 large tiles, k of 16384
}

// One row more than the units' tiles takes a whole further round: 100 tiles of 128 x 256.
TEST_F(KernelTest, ARoundOfTilesRoundsUp) {
  kernels_.matrix[0].sustained = 1;
  kernels_.tiles = {{128, 256, 1.0}};
  const double one = Gemm(DataType::kBf16, {12800, 256, 8192});
  const double two = Gemm(DataType::kBf16, {12801, 256, 8192});
  const double round = 2.0 * 128 * 256 * (8192 + 200) / (400e12 / 100 * 0.95);
  EXPECT_NEAR(two - one, round, 0.001 * round);
}

TEST_F(KernelTest, UnknownUnitsRoundTilesOnly) {
  accelerator_.compute_units = 0;
  kernels_.matrix[0].sustained = 1;
  kernels_.tiles = {{128, 256, 1.0}};
  const double hundred = Gemm(DataType::kBf16, {12800, 256, 8192});
  const double more = Gemm(DataType::kBf16, {12801, 256, 8192});
  const double tile = 2.0 * 128 * 256 * (8192 + 200) / (400e12 * 0.95);
  EXPECT_NEAR(more - hundred, tile, 0.02 * tile);
}

TEST_F(KernelTest, SixteenBitFormatsShareRatiosAndOthersTakeTheFirst) {
  EXPECT_EQ(Gemm(DataType::kFp16, kShapes[0]), Gemm(DataType::kBf16, kShapes[0]));
  accelerator_.peak[static_cast<int>(DataType::kInt8)] = FlopsPerSecond(800e12);
  const double flops = 2.0 * 32768 * 32768 * 8192;
  EXPECT_NEAR(Gemm(DataType::kInt8, kShapes[9]) / (flops / (0.8 * 800e12)), 1, 0.02);
  EXPECT_NEAR(Gemm(DataType::kFp8, kShapes[9]) / (flops / (0.7 * 800e12)), 1, 0.02);
}

TEST_F(KernelTest, ACappedDeviceScalesItsPeaks) {
  device_.speed_ratio = 0.5;
  const double capped = Gemm(DataType::kBf16, kShapes[9]);
  device_.speed_ratio = 1.0;
  EXPECT_NEAR(capped / Gemm(DataType::kBf16, kShapes[9]), 2, 0.01);
}

TEST_F(KernelTest, MaskedHalvesAreSkipped) {
  AttentionShape shape{1, 100, 100, 128, 128, 32768, 32768, true};
  const double causal = Forward(shape);
  shape.causal = false;
  EXPECT_NEAR(Forward(shape) / causal, 2, 0.02);
}

TEST_F(KernelTest, GenerationsFallBackToTheNearestOlder) {
  AttentionShape shape = kAttention[0];
  const double flash2 = Forward(shape);
  shape.generation = AttentionKernel::kFlash3;
  EXPECT_EQ(Forward(shape), flash2);
  shape.generation = AttentionKernel::kFlash1;
  EXPECT_EQ(Forward(shape), flash2);
  FlashAttention flash3 = kernels_.attention[0];
  flash3.generation = AttentionKernel::kFlash3;
  for (FlashAttention::Point& point : flash3.points) point.forward *= 1.5;
  kernels_.attention.push_back(flash3);
  EXPECT_EQ(Forward(shape), flash2);
  shape.generation = AttentionKernel::kFlash3;
  EXPECT_NEAR((flash2 - 5e-6) / (Forward(shape) - 5e-6), 1.5, 1e-9);
}

TEST_F(KernelTest, HeadSizesOutsideTheTableTakeItsEnds) {
  AttentionShape small{1, 100, 100, 32, 32, 8192, 8192, true};
  AttentionShape sixty_four = small;
  sixty_four.head_dim = sixty_four.value_dim = 64;
  EXPECT_NEAR((Forward(sixty_four) - 5e-6) / (Forward(small) - 5e-6), 2, 1e-9);
  AttentionShape latent{1, 100, 100, 192, 128, 8192, 8192, true};
  AttentionShape square = latent;
  square.head_dim = square.value_dim = 160;
  EXPECT_DOUBLE_EQ(Forward(latent), Forward(square));
}

// Entries for scalings differ in the rate of the inner loop alone here, so long products do too.
TEST_F(KernelTest, ScalingsWithAnEntryTakeItOthersTheFirstOfTheFormat) {
  kernels_.matrix.push_back({DataType::kFp8, 0.45, 0.35, 300, Scaling::kBlock});
  kernels_.start_up = Seconds(0.0);
  kernels_.overlap_loss = 0.0;
  const GemmShape large{12800, 12800, 12800};
  const auto time = [&](Scaling scaling) {
    return GemmTime(device_, {DataType::kFp8, scaling}, large).value();
  };
  EXPECT_DOUBLE_EQ(time(Scaling::kBlock), 2 * time(Scaling::kTensor));
  EXPECT_DOUBLE_EQ(time(Scaling::kMx), time(Scaling::kTensor));
  EXPECT_DOUBLE_EQ(time(Scaling::kTensorDelayed), time(Scaling::kTensor));
  EXPECT_DOUBLE_EQ(time(Scaling::kNone), time(Scaling::kTensor));
}

TEST(KernelDeathTest, AFormatWithoutPeakIsABug) {
  Accelerator accelerator;
  KernelClass kernels;
  kernels.tiles = {{128, 128, 1.0}};
  kernels.matrix = {{DataType::kBf16, 1, 1, 0}};
  const Device device{&accelerator, &kernels, 1.0};
  EXPECT_DEATH(GemmTime(device, DataType::kBf16, {1, 1, 1}), "broken invariant");
}

}  // namespace
}  // namespace fleetsim
