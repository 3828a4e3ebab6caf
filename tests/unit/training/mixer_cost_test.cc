// Layers of one block, and recurrences in place of attention.
#include "sim/training/mixer_cost.h"

#include "gtest/gtest.h"
#include "sim/training/fit.h"
#include "sim/training/layer_cost.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

class MixerCostTest : public ::testing::Test {
 protected:
  MixerCostTest() : bed_(1) {
    const Accelerator& accelerator = bed_.catalog.accelerators.at("test");
    hardware_.device = {&accelerator, &bed_.catalog.kernel_classes.at("test")};
  }

  TrainingSpec Spec(const Architecture& model) {
    TrainingSpec spec = bed_.Spec({.micro_batch = 2, .chunk_layers = {model.layers}});
    spec.model = &model;
    spec.stack = &bed_.stack;
    return spec;
  }

  TestBed bed_;
  WorkerHardware hardware_;
};

// An attention layer and a feed-forward layer are one transformer layer.
TEST_F(MixerCostTest, TwoLayersOfOneBlockAreOneOfTwo) {
  Architecture plain = bed_.model;
  plain.layers = 1;
  Architecture halves = plain;
  halves.layers = 2;
  halves.layer_pattern = "*-";
  const TrainingSpec one = Spec(plain), two = Spec(halves);
  EXPECT_DOUBLE_EQ(CountParameters(halves).Total(), CountParameters(plain).Total());
  const double forward = LayerForward(one, hardware_, 0, Part::kForward).duration.value();
  const double backward = LayerBackward(one, hardware_, 0).duration.value();
  double forwards = 0, backwards = 0;
  for (int layer : {0, 1}) {
    forwards += LayerForward(two, hardware_, layer, Part::kForward).duration.value();
    backwards += LayerBackward(two, hardware_, layer).duration.value();
  }
  EXPECT_NEAR(forwards, forward, 1e-9 * forward);
  EXPECT_NEAR(backwards, backward, 1e-9 * backward);
  EXPECT_NEAR(MemoryOf(two).activations / MemoryOf(one).activations, 1.0, 1e-12);
}

// A recurrence: products of the chunks, each with two more in the backward pass and again where its
// result is not kept; convolution, gate and states are streams.
TEST_F(MixerCostTest, ChunksOfARecurrence) {
  Architecture model = bed_.model;
  model.layers = 1;
  model.layer_pattern = "M";
  model.recurrence = {.rule = RecurrenceRule::kStateSpace,
                      .heads = 16,
                      .value_dim = 64,
                      .key_heads = 4,
                      .key_dim = 128,
                      .convolution = 4,
                      .chunk = 128};
  const TrainingSpec spec = Spec(model);
  const double tokens = 2.0 * spec.sequence_length;
  const double chunks = tokens / 128;
  const GemmShape scores{128, 128, 128, chunks * 4};
  const GemmShape state{128, 64, 128, chunks * 16};
  const GemmShape output{128, 64, 64 + 128, chunks * 16};
  const auto time = [&](const GemmShape& shape) {
    return GemmTime(hardware_.device, spec.precision, shape).value();
  };
  const LayerOperators operators = ForwardOperators(model, 0, spec.Shard());
  const PassKernels forward = MixerForward(spec, hardware_, operators);
  EXPECT_NEAR(forward.matrix.value(), time(scores) + time(state) + time(output), 1e-12);
  EXPECT_EQ(forward.attention.value(), 0.0);
  // Convolution of values, keys and queries in and out, the gate's three operands, 2 bytes each;
  // states 8 bytes.
  const double bytes = tokens * (2 * (1024 + 2 * 512) + 3 * 1024) * 2 + chunks * 16 * 128 * 64 * 8;
  const double stream = StreamTime(hardware_.device, Bytes(bytes / 3)).value() * 3;
  EXPECT_NEAR(forward.memory.value(), stream, 1e-9 * stream);
  double expected = time(scores) + time(state);
  for (const GemmShape& shape : {scores, state, output}) {
    expected += time({shape.m, shape.k, shape.n, shape.batch}) +
                time({shape.k, shape.n, shape.m, shape.batch});
  }
  const PassKernels backward = MixerBackward(spec, hardware_, operators);
  EXPECT_NEAR(backward.matrix.value(), expected, 1e-9 * expected);
  // All of it takes 4.7 times as long, without more products.
  EXPECT_NEAR(backward.memory.value(), 2 * stream + 3.7 * (expected + 2 * stream), 1e-9 * stream);
  // Of a delta rule, as it is counted.
  model.recurrence->rule = RecurrenceRule::kGatedDelta;
  const PassKernels delta = MixerBackward(spec, hardware_, operators);
  EXPECT_NEAR(delta.memory.value(), 2 * stream, 1e-9 * stream);
}

}  // namespace
}  // namespace fleetsim
