// Casts beside narrow products: bytes worked out by hand from what each scaling reads and writes.
#include "sim/training/quantisation.h"

#include "gmock/gmock.h"
#include "sim/training/fit.h"
#include "sim/training/products.h"
#include "sim/training/stage_cost.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

constexpr double kStartUp = 4e-6;    // of the test class's streams
constexpr double kMemory = 2e12;     // bytes per second; casts reach all of it
constexpr double kReading = 1.6e12;  // a plain stream's share of it

class QuantisationTest : public ::testing::Test {
 protected:
  QuantisationTest() : bed_(1) {
    Accelerator& accelerator = bed_.catalog.accelerators.at("test");
    accelerator.peak[static_cast<int>(DataType::kFp8)] = FlopsPerSecond(600e12);
    hardware_.device = {&accelerator, &bed_.catalog.kernel_classes.at("test")};
  }

  TrainingSpec Spec(DataType precision, Scaling scaling) {
    TrainingSpec spec = bed_.Spec({.micro_batch = 1, .micro_batches = 4, .chunk_layers = {8}});
    spec.stack = &bed_.stack;
    spec.precision = precision;
    spec.recipe.scaling = scaling;
    CompleteRecipe(spec);
    return spec;
  }
  double Forward(const TrainingSpec& spec, const GemmOp& gemm) {
    return QuantiseForward(spec, hardware_, gemm).value();
  }
  double Backward(const TrainingSpec& spec, const GemmOp& gemm) {
    return QuantiseBackward(spec, hardware_, gemm).value();
  }

  TestBed bed_;
  WorkerHardware hardware_;
  const GemmOp row_{"down", {1000, 2000, 3000}, Split::kRow};  // m tokens, n outputs, k inputs
  const double input_ = 3e6, output_ = 2e6, weight_ = 6e6;     // elements
};

TEST_F(QuantisationTest, SixteenBitsNeedNone) {
  const TrainingSpec spec = Spec(DataType::kBf16, Scaling::kNone);
  EXPECT_EQ(Forward(spec, row_), 0.0);
  EXPECT_EQ(Backward(spec, row_), 0.0);
}

TEST_F(QuantisationTest, DelayedScalingReadsOnceAndWritesTwoCopies) {
  const TrainingSpec spec = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  const double cast = (2 + 1 + 1) / kMemory;
  EXPECT_NEAR(Forward(spec, row_), kStartUp + input_ * cast + (kStartUp + weight_ * cast) / 4,
              1e-12);
  EXPECT_NEAR(Backward(spec, row_), kStartUp + output_ * cast, 1e-12);
}

TEST_F(QuantisationTest, CurrentScalingReadsFirst) {
  const TrainingSpec delayed = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  const TrainingSpec current = Spec(DataType::kFp8, Scaling::kTensor);
  EXPECT_NEAR(Backward(current, row_) - Backward(delayed, row_), kStartUp + output_ * 2 / kReading,
              1e-12);
}

TEST_F(QuantisationTest, MatrixUnitsOfBlackwellNeedNoTransposedCopy) {
  const TrainingSpec spec = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  const double two = Backward(spec, row_);
  bed_.catalog.accelerators.at("test").peak[static_cast<int>(DataType::kFp4)] =
      FlopsPerSecond(1200e12);
  EXPECT_NEAR(two - Backward(spec, row_), output_ / kMemory, 1e-12);
}

TEST_F(QuantisationTest, GroupScalesTravelWithTheElements) {
  EXPECT_NEAR(Backward(Spec(DataType::kFp8, Scaling::kMx), row_),
              kStartUp + output_ * (2 + 2 * (1 + 1.0 / 32)) / kMemory, 1e-12);
  EXPECT_NEAR(Backward(Spec(DataType::kFp8, Scaling::kBlock), row_),
              kStartUp + output_ * (2 + 2 * (1 + 4.0 / 128)) / kMemory, 1e-12);
}

TEST_F(QuantisationTest, NormsThatCastSaveTheWideOutput) {
  const TrainingSpec spec = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  GemmOp column = row_;
  column.split = Split::kColumn;
  const double alone = Forward(spec, column);
  bed_.stack.narrow.fuses_norm_cast = true;
  // Written narrow instead of wide (-1), then read and written again the other way round (2).
  EXPECT_NEAR(alone - Forward(spec, column), input_ * (4 - 1) / kMemory, 1e-12);
  EXPECT_GT(Forward(spec, row_), Forward(spec, column));
}

TEST_F(QuantisationTest, WeightsThatAreNotKeptAreCastInEveryPass) {
  const TrainingSpec spec = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  const double once = kStartUp + weight_ * 4 / kMemory;
  const double forward = Forward(spec, row_), backward = Backward(spec, row_);
  bed_.stack.narrow.casts_weights_every_pass = true;
  EXPECT_NEAR(Forward(spec, row_) - forward, once * 3 / 4, 1e-12);
  EXPECT_NEAR(Backward(spec, row_) - backward, once, 1e-12);
}

TEST_F(QuantisationTest, ProductsThatStayWideAreNotCast) {
  const TrainingSpec spec = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  GemmOp router = row_;
  router.wide = true;
  EXPECT_EQ(Forward(spec, router), 0.0);
  EXPECT_EQ(FormatOf(spec, router).dtype, DataType::kBf16);
}

TEST_F(QuantisationTest, WideLayersCostWhatTheyDoIn16Bits) {
  TrainingSpec narrow = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  const double all_narrow = CostOfChunk(narrow, hardware_, 0, 1).forward[0].duration.value();
  narrow.recipe.first_wide_layers = 5;
  narrow.recipe.last_wide_layers = 3;
  const TrainingSpec wide = Spec(DataType::kBf16, Scaling::kNone);
  const double all_wide = CostOfChunk(wide, hardware_, 0, 1).forward[0].duration.value();
  EXPECT_DOUBLE_EQ(CostOfChunk(narrow, hardware_, 0, 1).forward[0].duration.value(), all_wide);
  narrow.recipe.first_wide_layers = 1;
  EXPECT_NEAR(CostOfChunk(narrow, hardware_, 0, 1).forward[0].duration.value(),
              all_narrow + (all_wide - all_narrow) * 4 / 8, 1e-12);
}

TEST_F(QuantisationTest, NarrowActivationsAndParametersInMemory) {
  const TrainingSpec wide = Spec(DataType::kBf16, Scaling::kNone);
  TrainingSpec narrow = Spec(DataType::kFp8, Scaling::kTensorDelayed);
  // A layer: two norms' outputs and the activation function's are kept in one byte instead of two,
  // the attention's output in one more.
  const double tokens = 2048, hidden = 2048, ffn = 8192;
  const double layer = tokens * (2 * hidden + ffn - hidden);
  EXPECT_NEAR((MemoryOf(wide).activations - MemoryOf(narrow).activations).value(), 8 * layer, 1);
  // One narrow copy for each direction of the products, instead of the 16-bit weights or beside.
  const double products = 8 * (4 * hidden * hidden + 2 * hidden * ffn);
  EXPECT_NEAR((MemoryOf(narrow).weights - MemoryOf(wide).weights).value() / products, 2, 0.01);
  narrow.recipe.narrow_parameters = true;
  EXPECT_EQ(MemoryOf(narrow).weights, MemoryOf(wide).weights);
}

}  // namespace
}  // namespace fleetsim
