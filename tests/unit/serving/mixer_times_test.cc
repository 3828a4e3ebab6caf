#include "sim/serving/mixer_times.h"

#include <gtest/gtest.h>

#include "sim/serving/kv_capacity.h"
#include "sim/serving/launches.h"
#include "sim/serving/step_model.h"
#include "tests/unit/serving/instance_for_tests.h"

namespace fleetsim {
namespace {

const char kAccelerator[] = "H200-SXM-141GB";

// Every fourth layer attends, the others have a gated delta rule; all have experts.
TEST(CountLayers, Hybrids) {
  const LayerCounts counts = CountLayers(ShippedModel("qwen3.5-397b-a17b"));
  EXPECT_EQ(counts.layers, 60);
  EXPECT_EQ(counts.recurrent, 45);
  EXPECT_EQ(counts.full, 15);
  EXPECT_EQ(counts.expert, 60);
  EXPECT_EQ(counts.groups.size(), 2u);
}

// A layer of Nemotron-H is a mixer or a block, not both.
TEST(CountLayers, LayersOfOnePart) {
  const LayerCounts counts = CountLayers(ShippedModel("nemotron-h-56b"));
  EXPECT_EQ(counts.recurrent + counts.Attention() + counts.dense, counts.layers);
  EXPECT_GT(counts.recurrent, counts.Attention());
}

TEST(CountLayers, SparseAttention) {
  const LayerCounts counts = CountLayers(ShippedModel("glm-5"));
  EXPECT_EQ(counts.sparse, 78);
  EXPECT_EQ(counts.indexers, 78);
  EXPECT_EQ(counts.full, 0);
  EXPECT_EQ(counts.dense, 3);
}

// 64 heads of 128 x 128 in 32 bits are read and written in each of 45 layers.
TEST(Recurrence, EachSequenceReadsAndWritesItsState) {
  const InstanceSpec spec = SpecFor("qwen3.5-397b-a17b", "sglang-2026", {.tensor = 8});
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  const Seconds more = DecodeRecurrenceTimes(spec, hardware, 200).Total() -
                       DecodeRecurrenceTimes(spec, hardware, 100).Total();
  const Bytes state(45 * 64 * 128 * 128 * 4 / 8.0);
  const Seconds floor = 100 * 2 * state / hardware.device.accelerator->memory_bandwidth;
  EXPECT_GT(more, floor);
  EXPECT_LT(more, 1.3 * floor);
}

TEST(Recurrence, PromptsTakeTimeInProportion) {
  const InstanceSpec spec = SpecFor("qwen3.5-397b-a17b", "sglang-2026", {.tensor = 8});
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  const Seconds once = PromptRecurrenceTimes(spec, hardware, 16384).Total();
  const Seconds twice = PromptRecurrenceTimes(spec, hardware, 32768).Total();
  EXPECT_GT(once, Seconds(0));
  EXPECT_NEAR(twice / once, 2.0, 0.1);
}

// Only the 15 layers with attention see the context: two key heads of 256, keys and values.
TEST(Recurrence, HybridsReadTheCacheOfAttentionAlone) {
  const InstanceSpec spec = SpecFor("qwen3.5-397b-a17b", "sglang-2026", {.tensor = 2});
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  const InstanceModel model(spec, hardware);
  const auto cost = [&](std::int64_t context) {
    StepLoad load;
    load.decodes = 128;
    load.decode_context = 128 * context;
    return model.Cost({load}).duration;
  };
  const Bytes cached(15 * 2 * 256 * 2);
  const Seconds floor = 128 * 20000 * cached / hardware.device.accelerator->memory_bandwidth;
  const Seconds more = cost(40000) - cost(20000);
  EXPECT_GT(more, floor);
  EXPECT_LT(more, 1.8 * floor);
}

TEST(CacheBytes, HybridsKeepAStateForEachSequence) {
  const InstanceSpec spec = SpecFor("qwen3.5-397b-a17b", "sglang-2026", {.tensor = 2});
  const CacheBytes bytes = CacheBytesOf(spec);
  EXPECT_EQ(bytes.full, Bytes(15 * 1 * 2 * 256 * 2));
  // Three inputs of the convolution: 64 value heads and 2 x 16 of keys and queries, of 128.
  const double convolution = 3 * (64 + 2 * 16) * 128 * 2 / 2.0;
  EXPECT_EQ(bytes.state, Bytes(45 * (64 * 128 * 128 * 4 / 2.0 + convolution)));
  EXPECT_EQ(bytes.PerToken(1000), bytes.full + bytes.state / 1000);
}

// Four times the context is scored four times, but no more than 2,048 of its keys are attended to.
TEST(SparseAttention, DecodesReadWhatIsChosen) {
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  const InstanceSpec sparse = SpecFor("glm-5", "sglang-2026", {.tensor = 8});
  const LayerCounts layers = CountLayers(*sparse.model);
  const auto attention = [&](double context) {
    return DecodeAttentionTimes(sparse, hardware.device, layers, {64, context, 1}).Total();
  };
  EXPECT_LT(attention(1000), attention(4000));
  EXPECT_EQ(attention(4000), attention(16000));
  const auto scores = [&](double context) {
    return DecodeIndexTimes(sparse, hardware.device, layers, {64, context, 1}).Total();
  };
  EXPECT_GT(scores(400000), 3 * scores(100000));
}

// Up to 2,048 tokens prompts are attended to as a whole; beyond, each query meets as many.
TEST(SparseAttention, PromptsMeetWhatIsChosen) {
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  const InstanceSpec spec = SpecFor("glm-5", "sglang-2026", {.tensor = 8});
  const LayerCounts layers = CountLayers(*spec.model);
  LayerCounts dense = layers;
  std::swap(dense.full, dense.sparse);
  const auto time = [&](const LayerCounts& kind, double tokens, double past) {
    return PrefillAttentionTimes(spec, hardware.device, kind, {1, tokens, past}).Total();
  };
  EXPECT_EQ(time(layers, 2048, 0), time(dense, 2048, 0));
  EXPECT_NEAR(time(layers, 4096, 60000) / time(layers, 4096, 30000), 1.0, 1e-9);
  EXPECT_LT(time(layers, 4096, 120000), time(dense, 4096, 120000));
  EXPECT_NEAR(time(layers, 8192, 60000) / time(layers, 4096, 60000), 2.0, 0.05);
}

// DeepSeek-V3 in SGLang takes 82.6 ms for a prompt of one token without graphs
// (sgl-project/sglang, pull request 12160), Qwen3-4B 16.5 ms (wejoncy/sfllm, pull request 46).
TEST(Launches, EagerStepsTakeAsLongAsMeasured) {
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  InstanceSpec spec = SpecFor("deepseek-v3", "sglang-2026", {.tensor = 8});
  const NumberFormat block{DataType::kFp8, Scaling::kBlock};
  spec.precision.products = spec.precision.experts = {block, block};
  const auto launching = [&] {
    return spec.engine->host.per_launch * LaunchesOf(spec, hardware.device);
  };
  EXPECT_NEAR(launching().value(), 82.6e-3, 0.25 * 82.6e-3);
  spec = SpecFor("qwen3-4b", "sglang-2026");
  EXPECT_NEAR(launching().value(), 16.5e-3, 0.15 * 16.5e-3);
}

TEST(Launches, OtherLayersHaveMore) {
  const Device device = HardwareFor(kAccelerator).device;
  EXPECT_EQ(LaunchesOf(SpecFor("llama3-70b", "vllm-2026"), device), 80 * 14);
  InstanceSpec narrow = SpecFor("llama3-70b", "vllm-2026");
  narrow.precision.products = {DataType::kFp8, {DataType::kFp8, Scaling::kRow}};
  EXPECT_EQ(LaunchesOf(narrow, device), 80 * (14 + 4));
  EXPECT_GT(LaunchesOf(SpecFor("qwen3.5-397b-a17b", "vllm-2026"), device), 60 * (14 + 7 + 3));
}

// TensorRT-LLM of early 2024 reads a cached head once for its group where that is eight query heads
// of 128: Llama 2 70B, not Mistral 7B, whose steps take as long on H100 as on H200.
TEST(DecodeAttention, GroupsWithoutKernelsOfTheirOwnGoHeadByHead) {
  const DecodeWork work{56, 3072, 1};
  const auto time = [&](const std::string& model, const std::string& engine,
                        const std::string& accelerator) {
    InstanceSpec spec = SpecFor(model, engine, {.tensor = 1});
    spec.precision.cache = DataType::kFp8;
    InstanceHardware hardware = HardwareFor(accelerator);
    hardware.device.serving = spec.engine->kernels;
    return DecodeAttentionTimes(spec, hardware.device, CountLayers(*spec.model), work).Total();
  };
  EXPECT_EQ(time("llama2-70b", "trtllm-0.9", kAccelerator),
            time("llama2-70b", "trtllm-0.12", kAccelerator));
  const Seconds apart = time("mistral-7b", "trtllm-0.9", kAccelerator);
  EXPECT_GT(apart, 2 * time("mistral-7b", "trtllm-0.12", kAccelerator));
  EXPECT_NEAR(apart / time("mistral-7b", "trtllm-0.9", "H100-SXM-80GB"), 1.0, 0.02);
}

// The tables' layers of experts choose their top k and add shared ones in TensorRT-LLM alone.
TEST(InstanceModel, RoutingIsPartOfOneLibrarysKernels) {
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  const auto memory = [&](KernelLibrary library) {
    InstanceSpec spec = SpecFor("deepseek-v3", "sglang-2026", {.tensor = 8});
    ServingEngine engine = *spec.engine;
    engine.kernels = library;
    spec.engine = &engine;
    StepLoad load;
    load.decodes = 8;
    load.decode_context = 8 * 1000;
    const StepCost cost = InstanceModel(spec, hardware).Cost({load});
    return cost.parts[static_cast<int>(StepPart::kMemory)];
  };
  const Seconds more = memory(KernelLibrary::kSglang) - memory(KernelLibrary::kTensorRtLlm);
  EXPECT_NEAR(more / hardware.device.kernels->stream_start_up, 58 * 2, 1);
}

TEST(CheckInstance, RefusesWhatRecurrencesCannotBeCutInto) {
  const InstanceHardware hardware = HardwareFor(kAccelerator);
  InstanceSpec spec = SpecFor("deepseek-v4-flash", "sglang-2026", {.tensor = 8});
  EXPECT_EQ(CheckInstance(spec, hardware).code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace fleetsim
