// Times of the attention core by stack.
#include "sim/training/attention_cost.h"

#include "gmock/gmock.h"
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

}  // namespace
}  // namespace fleetsim
