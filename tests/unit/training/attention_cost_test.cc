// Times of the attention core by stack.
#include "sim/training/attention_cost.h"

#include "gmock/gmock.h"
#include "sim/training/mixer_cost.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

class UnfusedAttentionTest : public ::testing::Test {
 protected:
  UnfusedAttentionTest() : bed_(1) {
    bed_.catalog.accelerators.at("test").peak[static_cast<int>(DataType::kFp32)] =
        FlopsPerSecond(1e12);
    bed_.stack.attention = AttentionKernel::kFusedSoftmax;
    hardware_.device = {&bed_.catalog.accelerators.at("test"),
                        &bed_.catalog.kernel_classes.at("test")};
  }

  // Both batched products of the forward pass in `format`.
  double Products(const AttentionShape& core, DataType format) {
    return (GemmTime(hardware_.device, format, ScoresGemm(core)) +
            GemmTime(hardware_.device, format, ValuesGemm(core)))
        .value();
  }
  AttentionShape Core(double head_dim) {
    return {.batch = 1,
            .heads = 8,
            .kv_heads = 8,
            .head_dim = head_dim,
            .value_dim = head_dim,
            .query_tokens = 1024,
            .kv_tokens = 1024};
  }
  double Forward(const AttentionShape& core) {
    TrainingSpec spec = bed_.Spec({.chunk_layers = {8}});
    spec.stack = &bed_.stack;
    return AttentionForward(spec, hardware_, core).matrix.value();
  }

  TestBed bed_;
  WorkerHardware hardware_;
};

TEST_F(UnfusedAttentionTest, HeadsThatStartAtSixteenBytesUseMatrixUnits) {
  for (double head_dim : {64.0, 104.0, 112.0, 144.0}) {
    EXPECT_DOUBLE_EQ(Forward(Core(head_dim)), Products(Core(head_dim), DataType::kBf16));
  }
}

TEST_F(UnfusedAttentionTest, OtherHeadsRunAtFp32Rate) {
  EXPECT_DOUBLE_EQ(Forward(Core(108)), Products(Core(108), DataType::kFp32));
  EXPECT_GT(Forward(Core(108)), 2 * Forward(Core(112)));
}

// Chosen or not, every entry's score is computed, in 32 bits, and stored; so are the indexer's,
// which has no values.
TEST_F(UnfusedAttentionTest, SparseAttentionWithoutItsKernelStoresAllScores) {
  Architecture model = bed_.model;
  model.latent = LatentAttention{.q_lora_rank = 64,
                                 .kv_lora_rank = 64,
                                 .qk_nope_head_dim = 48,
                                 .qk_rope_head_dim = 16,
                                 .v_head_dim = 64};
  model.index = SparseIndex{.top_k = 256, .heads = 4, .head_dim = 32};
  TrainingSpec spec = bed_.Spec({.chunk_layers = {8}});
  spec.model = &model;
  spec.stack = &bed_.stack;
  const LayerOperators operators = ForwardOperators(model, 0, spec.Shard());
  ASSERT_LT(operators.attention.kv_tokens, spec.sequence_length);
  AttentionShape core = operators.attention;
  core.kv_tokens = spec.sequence_length;
  const double scores =
      GemmTime(hardware_.device, DataType::kFp32, ScoresGemm(core)).value() +
      GemmTime(hardware_.device, DataType::kFp32, ScoresGemm(operators.index)).value();
  const double values = GemmTime(hardware_.device, DataType::kBf16, ValuesGemm(core)).value();
  EXPECT_NEAR(MixerForward(spec, hardware_, operators).matrix.value(), scores + values,
              1e-9 * scores);
}

}  // namespace
}  // namespace fleetsim
