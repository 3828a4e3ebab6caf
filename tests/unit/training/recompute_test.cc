// What the backward pass computes again, as the stack means it.
#include "gmock/gmock.h"
#include "sim/training/fit.h"
#include "sim/training/layer_cost.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

class RecomputeTest : public ::testing::Test {
 protected:
  RecomputeTest() : bed_(1) {
    const Accelerator& accelerator = bed_.catalog.accelerators.at("test");
    hardware_.device = {&accelerator, &bed_.catalog.kernel_classes.at("test")};
  }

  TrainingSpec Spec(Recompute recompute) {
    TrainingSpec spec = bed_.Spec({.micro_batch = 2, .chunk_layers = {8}});
    spec.stack = &bed_.stack;
    spec.recompute = recompute;
    return spec;
  }
  double Again(const TrainingSpec& spec) {
    return LayerBackward(spec, hardware_, 0).parts[static_cast<int>(Part::kRecompute)].value();
  }
  // Matrix products of one forward pass, the last of them, and the attention core.
  double Products(const TrainingSpec& spec) {
    double sum = 0;
    for (const GemmOp& gemm : ForwardOperators(*spec.model, 0, spec.Shard()).gemms) {
      sum += GemmTime(hardware_.device, spec.precision, gemm.shape).value();
    }
    return sum;
  }
  double LastProduct(const TrainingSpec& spec) {
    return GemmTime(hardware_.device, spec.precision,
                    ForwardOperators(*spec.model, 0, spec.Shard()).gemms.back().shape)
        .value();
  }
  double Core(const TrainingSpec& spec) {
    AttentionShape shape = ForwardOperators(*spec.model, 0, spec.Shard()).attention;
    shape.generation = spec.stack->attention;
    return FlashAttentionForward(hardware_.device, spec.precision, shape).value();
  }

  TestBed bed_;
  WorkerHardware hardware_;
};

TEST_F(RecomputeTest, StoppingEarlySavesTheLastProduct) {
  const TrainingSpec spec = Spec(Recompute::kFull);
  const double whole = Again(spec);
  bed_.stack.recompute_stops_early = true;
  EXPECT_NEAR(whole - Again(spec), LastProduct(spec), 1e-12);
}

TEST_F(RecomputeTest, SelectiveIsTheCoreUnlessTheStackSaysOtherwise) {
  const TrainingSpec spec = Spec(Recompute::kSelective);
  EXPECT_NEAR(Again(spec), Core(spec), 1e-12);
  bed_.stack.selective = {.matrix = 0.5, .attention = 0};
  EXPECT_NEAR(Again(spec), 0.5 * Products(spec), 1e-12);
}

TEST_F(RecomputeTest, HalfTheLayersTakeHalfTheTimeAndKeepHalfTheRest) {
  TrainingSpec spec = Spec(Recompute::kFull);
  const double all = Again(spec), none_kept = MemoryOf(spec).activations.value();
  const double kept = MemoryOf(Spec(Recompute::kNone)).activations.value();
  spec.recomputed_layers = 0.5;
  EXPECT_NEAR(Again(spec), 0.5 * all, 1e-12);
  EXPECT_NEAR(MemoryOf(spec).activations.value(), 0.5 * (none_kept + kept), 1.0);
}

}  // namespace
}  // namespace fleetsim
