// Steps that train a part of a model: times, memory and traffic against those of all of it.
#include "gmock/gmock.h"
#include "sim/model/flops.h"
#include "sim/training/adapter_cost.h"
#include "sim/training/fit.h"
#include "sim/training/layer_cost.h"
#include "sim/training/products.h"
#include "sim/training/stage_cost.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

class FineTuneTest : public ::testing::Test {
 protected:
  FineTuneTest() : bed_(1) {
    const Accelerator& accelerator = bed_.catalog.accelerators.at("test");
    hardware_.device = {&accelerator, &bed_.catalog.kernel_classes.at("test")};
  }

  TrainingSpec Spec(const Trainable& trainable = {}) {
    TrainingSpec spec = bed_.Spec({.micro_batch = 2, .chunk_layers = {8}});
    spec.stack = &bed_.stack;
    spec.trainable = trainable;
    return spec;
  }
  static Trainable Lora() { return {.adapter_rank = 16, .adapter_modules = {"linear_qkv"}}; }

  TestBed bed_;
  WorkerHardware hardware_;
};

TEST_F(FineTuneTest, AdaptersDoWithoutWeightGradients) {
  const TrainingSpec full = Spec(), lora = Spec(Lora());
  const LayerOperators operators = ForwardOperators(bed_.model, 0, full.Shard());
  const double saved = WeightGradients(full, hardware_, operators.gemms).matrix.value();
  const double added = FrozenBackward(lora, hardware_, 0).duration.value();
  EXPECT_NEAR(LayerBackward(full, hardware_, 0).duration.value() -
                  LayerBackward(lora, hardware_, 0).duration.value(),
              saved - added, 1e-12);
}

// 2 r (in + out) flops a token, yet their time is that of streaming the wide activations.
TEST_F(FineTuneTest, AdaptersTakeMoreTimeThanFlops) {
  const TrainingSpec lora = Spec(Lora());
  const double added = FrozenForward(lora, hardware_, 0, Part::kForward).duration.value();
  const double forward = LayerForward(lora, hardware_, 0, Part::kForward).duration.value();
  const double flops =
      AdapterFlopsPerToken(bed_.model, lora.trainable, 0) * 8 /
      ForwardFlopsPerToken(bed_.model, lora.sequence_length, AttentionCount::kCausal)
          .products.value();
  EXPECT_GT(added / forward, 3 * flops);
  EXPECT_LT(added, 0.2 * forward);
}

TEST_F(FineTuneTest, FrozenLayersHaveNoBackwardPass) {
  TrainingSpec spec = Spec({.frozen_layers = 6});
  EXPECT_EQ(LayerBackward(spec, hardware_, 5).duration.value(), 0.0);
  const Work reached = LayerBackward(spec, hardware_, 6);
  EXPECT_EQ(reached.duration, LayerBackward(Spec(), hardware_, 6).duration);
  const ChunkCost cost = CostOfChunk(spec, hardware_, 0, 1);
  EXPECT_NEAR((cost.backward.front().duration - HeadBackward(spec, hardware_).duration).value(),
              2 * reached.duration.value(), 1e-9);
  EXPECT_DOUBLE_EQ(cost.trained.front().Total(),
                   2 * LayerParametersOnRank(bed_.model, 0, 1) +
                       CountParameters(bed_.model).final_norm +
                       PaddedVocab(bed_.model, 1) * bed_.model.hidden);
}

TEST_F(FineTuneTest, ReferencePassIsAForwardPassWithoutAdapters) {
  Trainable trainable = Lora();
  const TrainingSpec lora = Spec(trainable);
  trainable.reference_pass = true;
  const TrainingSpec preference = Spec(trainable);
  const double once = LayerForward(Spec(), hardware_, 0, Part::kForward).duration.value();
  EXPECT_NEAR(LayerForward(preference, hardware_, 0, Part::kForward).duration.value() -
                  LayerForward(lora, hardware_, 0, Part::kForward).duration.value(),
              once, 1e-12);
  // The base stays as it was: adapters need no second copy, a base that changes does.
  EXPECT_EQ(MemoryOf(preference).weights, MemoryOf(lora).weights);
  const double parameters = MemoryOf(Spec()).weights.value() / bed_.stack.weight_bytes;
  EXPECT_NEAR(MemoryOf(Spec({.reference_pass = true})).weights.value(),
              parameters * (bed_.stack.weight_bytes + 2), 1.0);
}

TEST_F(FineTuneTest, MemoryIsOfWhatIsTrained) {
  const MemoryUse full = MemoryOf(Spec()), lora = MemoryOf(Spec(Lora()));
  const double adapters = TrainableParameters(bed_.model, Lora());
  EXPECT_NEAR(lora.gradients.value(), adapters * bed_.stack.gradient_bytes, 1.0);
  EXPECT_NEAR(lora.optimizer.value(), adapters * bed_.stack.optimizer_bytes, 1.0);
  // Inputs of the feed-forward block and of its last product are not kept.
  const double tokens = 2.0 * Spec().sequence_length;
  EXPECT_NEAR((full.activations - lora.activations).value(),
              8 * 2 * tokens * (bed_.model.hidden + bed_.model.ffn), 1.0);
}

TEST_F(FineTuneTest, QuantisedBaseIsSmallerAndSlower) {
  Trainable trainable = Lora();
  const TrainingSpec lora = Spec(trainable);
  trainable.storage = FrozenStorage::kNf4;
  const TrainingSpec qlora = Spec(trainable);
  const double matrices = 8 * LayerParametersOnRank(bed_.model, 0, 1);
  EXPECT_NEAR((MemoryOf(lora).weights - MemoryOf(qlora).weights).value(),
              matrices * (2 - 4.127 / 8), 1.0);
  // Stored bytes are read and 16-bit ones written before each product, forward and backward.
  double unpacking = 0;
  for (const GemmOp& gemm : ForwardOperators(bed_.model, 0, lora.Shard()).gemms) {
    unpacking +=
        StreamTime(hardware_.device, Bytes(gemm.shape.k * gemm.shape.n * (4.127 / 8 + 2))).value();
  }
  EXPECT_NEAR((LayerForward(qlora, hardware_, 0, Part::kForward).duration -
               LayerForward(lora, hardware_, 0, Part::kForward).duration)
                  .value(),
              unpacking, 1e-12);
  EXPECT_NEAR(
      (LayerBackward(qlora, hardware_, 0).duration - LayerBackward(lora, hardware_, 0).duration)
          .value(),
      unpacking, 1e-12);
}

TEST_F(FineTuneTest, PiecesOfAPackedSequenceAttendToThemselves) {
  TrainingSpec packed = Spec();
  packed.rows.attended = packed.sequence_length / 4.0;
  const AttentionShape whole = ForwardOperators(bed_.model, 0, Spec().Shard()).attention;
  const AttentionShape pieces = ForwardOperators(bed_.model, 0, packed.Shard()).attention;
  EXPECT_EQ(pieces.batch * pieces.query_tokens, whole.batch * whole.query_tokens);
  EXPECT_EQ(ScoreElements(pieces), ScoreElements(whole) / 4);
  EXPECT_LT(LayerForward(packed, hardware_, 0, Part::kForward).duration,
            LayerForward(Spec(), hardware_, 0, Part::kForward).duration);
}

}  // namespace
}  // namespace fleetsim
