// Expected layouts are those of the recipes that recipe_layout.cc names.
#include "sim/validation/recipe_layout.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MeasuredCase Completed(const MeasuredCase& measured) {
  std::vector<std::string> rules;
  return CompletedByRecipe(measured, rules);
}

TEST(RecipeLayout, CardsThatWereNotTunedRanTheRecipe) {
  MeasuredCase card{.family = "nvidia-bridge-cards",
                    .model = "GPT-OSS-120B",
                    .notes = "functional pre-training run on real data, not tuned"};
  std::vector<std::string> rules;
  MeasuredCase completed = CompletedByRecipe(card, rules);
  EXPECT_EQ(completed.tensor, 2);
  EXPECT_EQ(completed.pipeline, 4);
  EXPECT_EQ(completed.expert, 16);
  EXPECT_EQ(completed.micro_batch, 1);
  EXPECT_THAT(rules, Contains(HasSubstr("tensor 2 pipeline 4 expert 16 micro-batch 1")));
  card.model = "GPT-OSS-120B SFT";
  EXPECT_EQ(Completed(card).expert, 8);
  card.model = "GPT-OSS-20B LoRA";
  EXPECT_EQ(Completed(card).expert, 1);
}

// Tuned cards have the layout of the others, and recompute what their own preset does.
TEST(RecipeLayout, LightningByAcceleratorAndPreset) {
  MeasuredCase card{.family = "nvidia-bridge-cards",
                    .model = "nemotron-3.5-lightning",
                    .accelerator = "H100-80GB SXM",
                    .notes = "functional pre-training run on real data, not tuned"};
  EXPECT_EQ(Completed(card).expert, 8);
  EXPECT_EQ(Completed(card).micro_batch, 1);
  EXPECT_EQ(Completed(card).recompute, "selective: moe+layernorm+core_attn");
  card.notes = "tuned recipe, mock data";
  EXPECT_EQ(Completed(card).expert, 8);
  EXPECT_EQ(Completed(card).recompute, "selective: moe+layernorm");
  card.accelerator = "GB200";
  EXPECT_EQ(Completed(card).micro_batch, 2);
  EXPECT_EQ(Completed(card).recompute, "none");
}

TEST(RecipeLayout, WhatARowStatesStays) {
  MeasuredCase card{.family = "nvidia-bridge-cards",
                    .model = "GPT-OSS-120B SFT",
                    .notes = "functional fine-tuning run"};
  card.tensor = 2;
  card.micro_batch = 4;
  const MeasuredCase completed = Completed(card);
  EXPECT_EQ(completed.tensor, 2);
  EXPECT_EQ(completed.micro_batch, 4);
  EXPECT_EQ(completed.pipeline, 4);
}

TEST(RecipeLayout, PresetsSayWhatIsComputedAgain) {
  MeasuredCase row{.family = "nvidia-bridge",
                   .source = "performance summary, NeMo container 26.04",
                   .model = "DeepSeek-V3-671B",
                   .accelerator = "GB300",
                   .precision = "mxfp8"};
  EXPECT_EQ(Completed(row).recompute, "selective: mla_up_proj");
  row.source = "performance summary, NeMo container 26.06";
  EXPECT_EQ(Completed(row).recompute, "none");
  row.model = "Qwen3-235B-A22B";
  EXPECT_EQ(Completed(row).recompute, "none");
  row.recompute = "full";
  EXPECT_EQ(Completed(row).recompute, "full");
  row.recompute = "";
  row.model = "Nemotron-3-Nano";
  EXPECT_EQ(Completed(row).recompute, "none");
  row.accelerator = "H100-80GB SXM";
  row.precision = "fp8";
  EXPECT_EQ(Completed(row).recompute, "selective: moe+layernorm+core_attn");
  row.model = "Llama-3-70B LORA";
  EXPECT_EQ(Completed(row).recompute, "") << "fine-tuning recomputes what it needs to fit";
}

TEST(RecipeLayout, PresetsSayWhatLeavesForTheHost) {
  MeasuredCase row{.family = "nvidia-bridge",
                   .model = "Llama-3-70B",
                   .accelerator = "GB200",
                   .notes = "FSDP shard group = n/(TP*PP)"};
  EXPECT_THAT(Completed(row).notes, HasSubstr("activations of 40 layers offloaded"));
  row.accelerator = "GB300";
  EXPECT_THAT(Completed(row).notes, HasSubstr("activations of 20 layers offloaded"));
  row.notes = "";
  EXPECT_THAT(Completed(row).notes, IsEmpty());
}

TEST(RecipeLayout, PaxmlComputesAgainWhatItsPolicyDoesNotSave) {
  MeasuredCase row{.family = "nvidia-dgxc", .model = "GPT-3-5B Paxml", .precision = "bf16"};
  EXPECT_EQ(Completed(row).recompute, "selective");
  row.precision = "fp8";
  EXPECT_EQ(Completed(row).recompute, "full");
}

TEST(RecipeLayout, NemoComputesLatentProjectionsAgainOnH100AndAttentionOnRacks) {
  MeasuredCase row{
      .family = "nvidia-dgxc", .model = "DeepSeek-V3-671B", .accelerator = "H100-80GB SXM"};
  EXPECT_EQ(Completed(row).recompute, "selective: mla_up_proj");
  row.accelerator = "GB200";
  EXPECT_EQ(Completed(row).recompute, "selective: core_attn");
}

TEST(RecipeLayout, PaddleCasesHaveTheirMicroBatch) {
  MeasuredCase row{.family = "flagperf", .model = "LLAMA-7B", .notes = "PaddleNLP"};
  EXPECT_EQ(Completed(row).micro_batch, 2);
  EXPECT_EQ(Completed(row).virtual_stages, 1);
  row.model = "GPT3-6.7B";
  EXPECT_EQ(Completed(row).micro_batch, 4);
  row.notes = "";
  EXPECT_FALSE(Completed(row).micro_batch.has_value());
}

TEST(RecipeLayout, AsynchronousTensorParallelismWasMeasuredOnBoardsOf500W) {
  MeasuredCase row{.family = "torchtitan",
                   .accelerator = "H100-80GB SXM",
                   .notes = "async TP off; 70B micro-batch assumed"};
  EXPECT_EQ(Completed(row).accelerator, "H100-96GB HBM2e 500W");
  EXPECT_EQ(Completed(row).recompute, "full");
}

TEST(RecipeLayout, OtherRowsAreLeftAlone) {
  std::vector<std::string> rules;
  const MeasuredCase row{.family = "mlperf", .model = "GPT-OSS-20B", .notes = "functional"};
  EXPECT_FALSE(CompletedByRecipe(row, rules).tensor.has_value());
  EXPECT_THAT(rules, IsEmpty());
}

}  // namespace
}  // namespace fleetsim
