#include "sim/validation/tuning.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/model/flops.h"
#include "sim/training/fit.h"
#include "sim/validation/flops_convention.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TuningTest : public ::testing::Test {
 protected:
  TuningTest() {
    model_ = {.name = "m",
              .layers = 80,
              .hidden = 8192,
              .heads = 64,
              .kv_heads = 8,
              .head_dim = 128,
              .ffn = 28672,
              .gated_ffn = true,
              .vocab = 32000};
    stack_ = {.name = "s", .attention = AttentionKernel::kFlash2};
    spec_.model = &model_;
    spec_.stack = &stack_;
    spec_.sequence_length = 8192;
    spec_.strategy.chunk_layers = {80};
  }

  Architecture model_;
  SoftwareStack stack_;
  TrainingSpec spec_;
  std::vector<std::string> rules_;
};

TEST_F(TuningTest, MlperfStatesTheRank) {
  MeasuredCase measured{
      .family = "mlperf", .model = "Llama-2-70B LoRA", .notes = "about 3072; LoRA r16 alpha32"};
  EXPECT_EQ(AdapterRank(measured), 16);
  SetTuning(measured, spec_, rules_);
  EXPECT_EQ(spec_.trainable.adapter_rank, 16);
  EXPECT_THAT(spec_.trainable.adapter_modules, ElementsAre("linear_qkv", "linear_proj"));
  EXPECT_EQ(spec_.rows.attended, 0) << "GovReport fills its sequences";
  EXPECT_THAT(rules_, Contains(HasSubstr("modules of the adapters not stated")));
}

TEST_F(TuningTest, NvidiaTablesPackShortExamples) {
  SetTuning({.family = "nvidia-dgxc", .model = "Llama-3-70B SFT"}, spec_, rules_);
  EXPECT_TRUE(spec_.trainable.Everything());
  EXPECT_GT(spec_.rows.attended, 0);
  EXPECT_LT(spec_.rows.attended, spec_.sequence_length);
  EXPECT_THAT(rules_, Contains(HasSubstr("examples not stated")));
}

TEST_F(TuningTest, PreTrainingIsLeftAlone) {
  SetTuning({.family = "nvidia-dgxc", .model = "Llama-3-70B"}, spec_, rules_);
  EXPECT_TRUE(spec_.trainable.Everything());
  EXPECT_EQ(spec_.rows.attended, 0);
  EXPECT_TRUE(rules_.empty());
}

TEST_F(TuningTest, AsManyLayersRecomputeAsNeeded) {
  spec_.trainable = {.adapter_rank = 16, .adapter_modules = {"linear_qkv"}};
  const Bytes without = MemoryOf(spec_).Total();
  RecomputeToFit(without, spec_, rules_);
  EXPECT_EQ(spec_.recompute, Recompute::kNone);
  RecomputeToFit(without * 0.9, spec_, rules_);
  EXPECT_EQ(spec_.recompute, Recompute::kFull);
  EXPECT_LE(MemoryOf(spec_).Total(), without * 0.9);
  spec_.recomputed_layers -= 1.0 / 80;
  EXPECT_GT(MemoryOf(spec_).Total(), without * 0.9) << "one layer less does not fit";
}

// NVIDIA's table of 70B SFT states 1,638 tokens/s and 710 TFLOP/s: 433 GFLOP a token of Llama 3.
TEST_F(TuningTest, BridgeHalvesCausalAttention) {
  model_.vocab = 128256;
  spec_.sequence_length = 4096;
  const auto flops =
      ReportedFlopsPerToken({.family = "nvidia-bridge", .model = "Llama-3-70B SFT"}, spec_);
  ASSERT_TRUE(flops.has_value());
  EXPECT_NEAR(flops->value(), 710e12 / 1638, 0.003 * 433e9);
  EXPECT_FALSE(ReportedFlopsPerToken({.family = "megatron"}, spec_).has_value());
}

}  // namespace
}  // namespace fleetsim
