#include "sim/serving/kv_capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/serving/instance_for_tests.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Bytes PerToken(const InstanceSpec& spec) { return CacheBytesOf(spec).PerToken(0); }

// Llama 3 70B: 320 KiB a token in 16 bits (80 layers, 8 kv heads of 128); DeepSeek-V3: 70,272 bytes
// (61 layers of 512 + 64; DeepSeek-AI 2025, arXiv 2505.09343, table 1: 70.272 KB, with 516.096 KB
// for Llama-3.1 405B and 327.680 KB for Qwen-2.5 72B).
TEST(CacheBytes, AsPublished) {
  EXPECT_EQ(PerToken(SpecFor("llama3-70b", "vllm-0.9")), Bytes(327680));
  EXPECT_EQ(PerToken(SpecFor("qwen2.5-72b", "vllm-0.9")), Bytes(327680));
  EXPECT_EQ(PerToken(SpecFor("llama3-405b", "vllm-0.9")), Bytes(516096));
  EXPECT_EQ(PerToken(SpecFor("deepseek-v3", "vllm-0.9")), Bytes(70272));
}

TEST(CacheBytes, HalfInEightBits) {
  InstanceSpec spec = SpecFor("llama3-70b", "vllm-0.9");
  spec.precision.cache = DataType::kFp8;
  EXPECT_EQ(PerToken(spec), Bytes(163840));
}

TEST(CacheBytes, TensorRanksShareHeadsAsFarAsThereAreSome) {
  const auto per_rank = [](const std::string& model, int tensor) {
    return PerToken(SpecFor(model, "vllm-0.9", {.tensor = tensor})).value();
  };
  EXPECT_EQ(per_rank("llama3-70b", 2), 327680 / 2);
  EXPECT_EQ(per_rank("llama3-70b", 8), 327680 / 8);
  EXPECT_EQ(per_rank("llama3-70b", 16), 327680 / 8);  // eight kv heads: copies
  EXPECT_EQ(per_rank("deepseek-v3", 8), 70272);       // one latent for all heads
}

TEST(CacheBytes, PipelineStagesHoldTheirLayers) {
  EXPECT_EQ(PerToken(SpecFor("llama3-70b", "vllm-0.9", {.pipeline = 4})), Bytes(327680 / 4));
  // 61 layers on two stages: 31 on the first.
  EXPECT_EQ(PerToken(SpecFor("deepseek-v3", "vllm-0.9", {.pipeline = 2})), Bytes(31 * 576 * 2));
}

// Every second layer of gpt-oss looks back 128 tokens.
TEST(CacheBytes, WindowsKeepNoMoreThanTheirTokens) {
  const CacheBytes bytes = CacheBytesOf(SpecFor("gpt-oss-120b", "vllm-0.9"));
  const double layer = 2 * 8 * 64 * 2;
  EXPECT_EQ(bytes.full, Bytes(18 * layer));
  EXPECT_EQ(bytes.windowed, Bytes(18 * layer));
  EXPECT_EQ(bytes.PerToken(100), Bytes(36 * layer));
  EXPECT_EQ(bytes.PerToken(1280), Bytes(18 * layer + 1.8 * layer));
}

// Two bytes for each published parameter.
TEST(StageWeights, SixteenBitsAsPublished) {
  for (const char* name : {"llama2-7b", "llama3-8b", "llama2-70b", "llama3-70b", "mixtral-8x7b",
                           "qwen3-32b", "qwen3-235b-a22b"}) {
    const InstanceSpec spec = SpecFor(name, "vllm-0.9");
    ASSERT_TRUE(spec.model->published_parameters.has_value()) << name;
    const double published = 2 * *spec.model->published_parameters;
    EXPECT_NEAR(StageWeights(spec, 0).value() / published, 1.0, 0.002) << name;
  }
}

// Layers in 4 bits with a 16-bit scale and a 4-bit zero point for each 128, and two tables of
// 128,256 x 8,192 in 16 bits; norms are too few to see.
TEST(StageWeights, FourBitsWithScalesBesideSixteenBitTables) {
  InstanceSpec spec = SpecFor("llama3-70b", "vllm-0.9");
  spec.precision.products.weights = DataType::kInt4;
  const double tables = 2.0 * 128256 * 8192;
  const double layers = *spec.model->published_parameters - tables;
  const double bits = 4 + (16 + 4) / 128.0;
  EXPECT_NEAR(StageWeights(spec, 0).value() / (layers * bits / 8 + 2 * tables), 1.0, 0.001);
}

TEST(StageWeights, PartsMakeTheWhole) {
  const InstanceSpec whole = SpecFor("qwen3-235b-a22b", "vllm-0.9");
  const double bytes = StageWeights(whole, 0).value();
  const InstanceSpec stages = SpecFor("qwen3-235b-a22b", "vllm-0.9", {.pipeline = 3});
  double sum = 0;
  for (int stage = 0; stage < 3; ++stage) sum += StageWeights(stages, stage).value();
  EXPECT_NEAR(sum / bytes, 1.0, 1e-12);
  // Norms, routers and copies of kv heads are all that tensor ranks do not share out.
  const InstanceSpec ranks = SpecFor("qwen3-235b-a22b", "vllm-0.9", {.tensor = 4});
  EXPECT_NEAR(4 * StageWeights(ranks, 0).value() / bytes, 1.0, 0.002);
  // Attention replicas hold attention each, experts together.
  const InstanceSpec replicas =
      SpecFor("qwen3-235b-a22b", "vllm-0.9", {.attention_data = 4, .expert = 4});
  const LayerParameters layer = CountLayerParameters(*whole.model, 0);
  const double experts = 2 * layer.routed_experts * whole.model->layers;
  EXPECT_NEAR(StageWeights(replicas, 0).value(), bytes - experts * 3 / 4, 1.0);
}

TEST(KvCapacity, WhatIsLeftIsCutIntoBlocks) {
  const InstanceSpec spec = SpecFor("llama3-8b", "vllm-0.9");
  const Accelerator& accelerator = **FindAccelerator(ShippedCatalog(), "H100-SXM-80GB");
  const auto capacity = KvCapacityOf(spec, accelerator);
  ASSERT_TRUE(capacity.ok()) << capacity.status();
  const Bytes sum = capacity->weights + capacity->workspace + capacity->reserved + capacity->cache;
  EXPECT_NEAR(sum / (accelerator.UsableMemory() * 0.9), 1.0, 1e-12);
  EXPECT_EQ(capacity->per_token, Bytes(131072));
  EXPECT_EQ(capacity->blocks, static_cast<std::int64_t>(capacity->cache.value() / 131072 / 16));
}

TEST(KvCapacity, NarrowerFormatsLeaveMoreRoom) {
  InstanceSpec spec = SpecFor("llama3-70b", "trtllm-0.12", {.tensor = 4});
  const Accelerator& accelerator = **FindAccelerator(ShippedCatalog(), "H100-SXM-80GB");
  const auto wide = KvCapacityOf(spec, accelerator);
  spec.precision = Fp8Static();
  const auto narrow = KvCapacityOf(spec, accelerator);
  ASSERT_TRUE(wide.ok() && narrow.ok());
  // Half the bytes a token, and half of the weights' 34 GB beside.
  EXPECT_GT(narrow->blocks, 2 * wide->blocks);
}

TEST(KvCapacity, OverrideOfBlocksHolds) {
  InstanceSpec spec = SpecFor("llama3-8b", "vllm-0.9");
  spec.options.cache_blocks = 1234;
  const auto capacity = KvCapacityOf(spec, **FindAccelerator(ShippedCatalog(), "H100-SXM-80GB"));
  ASSERT_TRUE(capacity.ok());
  EXPECT_EQ(capacity->blocks, 1234);
  EXPECT_EQ(capacity->Tokens(16), 1234 * 16);
}

TEST(KvCapacity, WhatDoesNotFitSaysWhyAndWhatWould) {
  const Accelerator& accelerator = **FindAccelerator(ShippedCatalog(), "H100-SXM-80GB");
  const auto mixtral = KvCapacityOf(SpecFor("mixtral-8x7b", "vllm-0.9"), accelerator);
  EXPECT_EQ(mixtral.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(mixtral.status().message()),
              AllOf(HasSubstr("weights 93.4 GB"), HasSubstr("engine 1.5 GB"),
                    HasSubstr("smallest change that fits: FP8 weights, or tensor 2")));
  // 406e9 parameters: 211 GB in four bits; 102 GB a rank in sixteen on eight ranks.
  const auto llama = KvCapacityOf(SpecFor("llama3-405b", "vllm-0.9"), accelerator);
  EXPECT_THAT(std::string(llama.status().message()),
              HasSubstr("smallest change that fits: tensor 16"));
}

}  // namespace
}  // namespace fleetsim
