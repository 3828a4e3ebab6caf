#include "sim/serving/step_model.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "tests/unit/serving/instance_for_tests.h"

namespace fleetsim {
namespace {

StepLoad Decodes(int sequences, int context) {
  StepLoad load;
  load.decodes = sequences;
  load.decode_context = static_cast<std::int64_t>(sequences) * context;
  return load;
}

StepLoad Prompts(int prompts, int tokens, int past = 0) {
  StepLoad load;
  load.prefill.assign(prompts, {tokens, past});
  return load;
}

StepLoad Mixed(int prompts, int tokens, int sequences, int context) {
  StepLoad load = Decodes(sequences, context);
  load.prefill = Prompts(prompts, tokens).prefill;
  return load;
}

// An engine whose host takes no time.
const ServingEngine& NoHost() {
  static const ServingEngine* const kEngine = [] {
    auto* engine = new ServingEngine(**FindEngine(ShippedCatalog(), "trtllm-0.12"));
    engine->host = {};
    engine->host.per_step = engine->host.per_sequence = engine->host.per_request = Seconds(0);
    engine->host.per_launch = Seconds(0);
    return engine;
  }();
  return *kEngine;
}

InstanceSpec Spec(const std::string& model, const ServingLayout& layout = {}) {
  InstanceSpec spec = SpecFor(model, "trtllm-0.12", layout);
  spec.engine = &NoHost();
  return spec;
}

Seconds PartOf(const StepCost& cost, StepPart part) { return cost.parts[static_cast<int>(part)]; }

TEST(InstanceModel, PartsSumToTheDuration) {
  const InstanceHardware h100 = HardwareFor("H100-SXM-80GB");
  for (const char* name : {"llama3-70b", "gpt-oss-120b", "deepseek-v3", "qwen3-30b-a3b"}) {
    for (const ServingLayout layout :
         {ServingLayout{.tensor = 8}, ServingLayout{.tensor = 4, .pipeline = 2},
          ServingLayout{.tensor = 2, .attention_data = 4}}) {
      InstanceSpec spec = SpecFor(name, "vllm-0.9", layout);
      const InstanceModel model(spec, h100);
      for (const StepLoad& load :
           {Decodes(1, 100), Decodes(64, 3000), Prompts(3, 700, 50), Mixed(2, 1000, 30, 500)}) {
        const StepCost cost = model.Cost(std::vector<StepLoad>(layout.attention_data, load));
        Seconds sum;
        for (const Seconds part : cost.parts) {
          EXPECT_GE(part.value(), -1e-15) << name;
          sum += part;
        }
        EXPECT_GT(cost.duration, Seconds(0));
        EXPECT_NEAR(sum / cost.duration, 1.0, 1e-9) << name;
      }
    }
  }
}

TEST(InstanceModel, NothingToDoTakesNoTime) {
  const InstanceHardware h100 = HardwareFor("H100-SXM-80GB");
  const InstanceModel model(Spec("llama3-8b"), h100);
  EXPECT_EQ(model.Cost({StepLoad()}).duration, Seconds(0));
}

// One sequence reads every weight once: not faster than the memory, and not slower than half of
// it. Weights: parameters less the embedding table (one row is read), two bytes each.
TEST(InstanceModel, OneSequenceIsBoundByReadingTheWeights) {
  for (const char* accelerator : {"H100-SXM-80GB", "A100-SXM4-80GB"}) {
    const InstanceHardware hardware = HardwareFor(accelerator);
    for (const char* name : {"llama2-7b", "llama3-8b"}) {
      const InstanceSpec spec = Spec(name);
      const StepCost cost = InstanceModel(spec, hardware).Cost({Decodes(1, 16)});
      const ModelParameters count = CountParameters(*spec.model);
      const Seconds floor =
          Bytes(2 * (count.layers + count.head)) / hardware.device.accelerator->memory_bandwidth;
      EXPECT_GT(cost.duration, floor) << accelerator << " " << name;
      EXPECT_LT(cost.duration, 2 * floor) << accelerator << " " << name;
      EXPECT_GT(cost.reading, cost.arithmetic);
    }
  }
}

// Long prompts: two flops a parameter and token, at 16-bit peak; attention and rest beside.
TEST(InstanceModel, LongPromptsAreBoundByArithmetic) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  const InstanceSpec spec = Spec("llama2-7b");
  const StepCost cost = InstanceModel(spec, hardware).Cost({Prompts(4, 2048)});
  const double tokens = 4 * 2048;
  const Flops work(2 * CountParameters(*spec.model).layers * tokens);
  const Seconds floor = work / hardware.device.accelerator->Peak(DataType::kBf16);
  EXPECT_GT(cost.duration, floor);
  EXPECT_LT(cost.duration, 2.5 * floor);
  EXPECT_GT(cost.arithmetic, cost.reading);
}

// Contexts are read at the memory's speed: 100,000 more tokens of Llama 3 8B, 128 KiB each.
TEST(InstanceModel, LongerContextsCostTheirBytes) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  const InstanceModel model(Spec("llama3-8b"), hardware);
  const Seconds more =
      model.Cost({Decodes(100, 2000)}).duration - model.Cost({Decodes(100, 1000)}).duration;
  const Seconds floor = Bytes(1e5 * 131072) / hardware.device.accelerator->memory_bandwidth;
  EXPECT_GT(more, floor);
  EXPECT_LT(more, 1.7 * floor);
}

TEST(InstanceModel, UngroupedDecodeReadsEveryHeadsCache) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  ServingEngine engine = NoHost();
  engine.kernels = KernelLibrary::kVllm;  // one kernel for heads with and without groups
  InstanceSpec spec = Spec("llama3-8b");
  spec.engine = &engine;
  const Seconds grouped =
      PartOf(InstanceModel(spec, hardware).Cost({Decodes(256, 16000)}), StepPart::kAttention);
  engine.ungrouped_decode = true;
  const Seconds ungrouped =
      PartOf(InstanceModel(spec, hardware).Cost({Decodes(256, 16000)}), StepPart::kAttention);
  // 32 heads on 8 kv heads; the launch and the first tiles are not repeated.
  EXPECT_NEAR(ungrouped / grouped, 4.0, 0.2);
}

// A faster memory, links, or peak never make a step longer.
TEST(InstanceModel, MoreIsNeverSlower) {
  for (const char* name : {"llama3-70b", "deepseek-v3"}) {
    const ServingLayout layout{.tensor = 8};
    for (const StepLoad& load : {Decodes(1, 100), Decodes(200, 3000), Prompts(2, 3000)}) {
      InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
      const Seconds before = InstanceModel(Spec(name, layout), hardware).Cost({load}).duration;
      Accelerator faster = *hardware.device.accelerator;
      faster.memory_bandwidth *= 1.5;
      hardware.device.accelerator = &faster;
      const Seconds memory = InstanceModel(Spec(name, layout), hardware).Cost({load}).duration;
      EXPECT_LE(memory, before);
      hardware.links.bandwidth *= 2;
      const Seconds links = InstanceModel(Spec(name, layout), hardware).Cost({load}).duration;
      EXPECT_LE(links, memory);
      hardware.device.speed_ratio = 1.5;
      EXPECT_LE(InstanceModel(Spec(name, layout), hardware).Cost({load}).duration, links);
    }
  }
}

// Two tensor ranks read half of the weights each; the other half of a kv head's products aside.
TEST(InstanceModel, TensorRanksShareTheReading) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  const auto reading = [&](int tensor) {
    return InstanceModel(Spec("llama3-70b", {.tensor = tensor}), hardware)
        .Cost({Decodes(1, 16)})
        .reading;
  };
  EXPECT_NEAR(reading(1) / reading(2), 2.0, 0.1);
  EXPECT_NEAR(reading(2) / reading(4), 2.0, 0.1);
}

TEST(InstanceModel, NarrowWeightsReadFewerBytes) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  InstanceSpec spec = Spec("llama3-70b", {.tensor = 4});
  const StepCost wide = InstanceModel(spec, hardware).Cost({Decodes(8, 100)});
  spec.precision = Fp8Static();
  const StepCost narrow = InstanceModel(spec, hardware).Cost({Decodes(8, 100)});
  EXPECT_LT(narrow.duration, 0.75 * wide.duration);
  EXPECT_GT(narrow.duration, 0.5 * wide.duration);
}

// Finding scales at run time costs kernels that static ones do not need where norms write them.
TEST(InstanceModel, DynamicScalesCostTime) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  InstanceSpec spec = Spec("llama3-8b");
  spec.precision = Fp8Static();
  const StepCost fixed = InstanceModel(spec, hardware).Cost({Prompts(4, 2048)});
  spec.precision.products.activations.scaling = Scaling::kRow;
  const StepCost dynamic = InstanceModel(spec, hardware).Cost({Prompts(4, 2048)});
  EXPECT_GT(PartOf(dynamic, StepPart::kMemory), PartOf(fixed, StepPart::kMemory));
}

// So does finding a row's scale in an engine that rounds in a kernel of its own either way.
TEST(InstanceModel, DynamicScalesCostTimeWhereNothingIsFused) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  InstanceSpec spec = SpecFor("qwen3-8b", "vllm-0.9");
  spec.precision = Fp8Static();
  const StepCost fixed = InstanceModel(spec, hardware).Cost({Prompts(4, 2048)});
  spec.precision.products.activations.scaling = Scaling::kRow;
  const StepCost dynamic = InstanceModel(spec, hardware).Cost({Prompts(4, 2048)});
  EXPECT_GT(dynamic.duration, 1.03 * fixed.duration);
  EXPECT_LT(dynamic.duration, 1.15 * fixed.duration);
}

// TensorRT-LLM has kernels for FP8 caches of shared heads that read faster than FlashAttention's.
TEST(InstanceModel, AttentionIsOfTheEnginesLibrary) {
  const InstanceHardware hardware = HardwareFor("H200-SXM-141GB");
  InstanceSpec spec = Spec("llama3-70b", {.tensor = 4});
  spec.precision = Fp8Static();
  ServingEngine other = NoHost();
  other.kernels = KernelLibrary::kVllm;
  const StepLoad load = Decodes(128, 2000);
  const StepCost own = InstanceModel(spec, hardware).Cost({load});
  spec.engine = &other;
  const StepCost flash = InstanceModel(spec, hardware).Cost({load});
  EXPECT_LT(PartOf(own, StepPart::kAttention), 0.8 * PartOf(flash, StepPart::kAttention));
  EXPECT_EQ(PartOf(own, StepPart::kMatrix), PartOf(flash, StepPart::kMatrix));
}

TEST(InstanceModel, HostTimeIsExposedUnlessTheEngineOverlapsIt) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  ServingEngine engine = NoHost();
  InstanceSpec spec = Spec("llama3-8b");
  spec.engine = &engine;
  StepLoad load = Decodes(10, 100);
  load.begun = 2;
  load.ended = 1;
  const Seconds device = InstanceModel(spec, hardware).Cost({load}).duration;
  engine.host.per_step = Seconds(1e-3);
  engine.host.per_sequence = Seconds(1e-4);
  engine.host.per_request = Seconds(1e-2);
  const StepCost exposed = InstanceModel(spec, hardware).Cost({load});
  EXPECT_NEAR(exposed.duration.value(), device.value() + 1e-3 + 10 * 1e-4 + 3 * 1e-2, 1e-12);
  EXPECT_NEAR(PartOf(exposed, StepPart::kHost).value(), 32e-3, 1e-9);
  InstanceHardware slower = hardware;
  slower.host_speed = 0.5;
  EXPECT_NEAR(PartOf(InstanceModel(spec, slower).Cost({load}), StepPart::kHost).value(), 64e-3,
              1e-9);
  engine.host.overlaps = true;
  EXPECT_EQ(InstanceModel(spec, hardware).Cost({load}).duration, Max(device, Seconds(32e-3)));
}

TEST(InstanceModel, RecordedGraphsHideLaunches) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  ServingEngine engine = NoHost();
  engine.host.launches_per_layer = 20;
  engine.host.per_launch = Seconds(1e-4);  // 32 layers: 64 ms
  InstanceSpec spec = Spec("llama3-8b");
  spec.engine = &engine;
  EXPECT_NEAR(InstanceModel(spec, hardware).Cost({Decodes(8, 100)}).duration.value(), 64e-3, 1e-9);
  engine.host.graph_sequences = 8;
  EXPECT_LT(InstanceModel(spec, hardware).Cost({Decodes(8, 100)}).duration, Seconds(30e-3));
  EXPECT_EQ(InstanceModel(spec, hardware).Cost({Decodes(9, 100)}).duration, Seconds(64e-3));
  EXPECT_EQ(InstanceModel(spec, hardware).Cost({Mixed(1, 10, 1, 9)}).duration, Seconds(64e-3));
  engine.host.graph_tokens = 11;
  EXPECT_LT(InstanceModel(spec, hardware).Cost({Mixed(1, 10, 1, 9)}).duration, Seconds(30e-3));
  InstanceHardware slower = hardware;
  slower.host_speed = 0.5;
  EXPECT_NEAR(InstanceModel(spec, slower).Cost({Decodes(9, 100)}).duration.value(), 128e-3, 1e-9);
}

// Of a size that fits their workspace: 4 tokens of 8,192 elements do, 8,192 tokens do not.
TEST(InstanceModel, EnginesUseTheirOwnAllReduceForSmallMessages) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  ServingEngine library = NoHost(), own = NoHost();
  library.own_all_reduce = false;
  own.own_all_reduce = true;
  const auto communication = [&](const ServingEngine& engine, const StepLoad& load) {
    InstanceSpec spec = Spec("llama3-70b", {.tensor = 8});
    spec.engine = &engine;
    return PartOf(InstanceModel(spec, hardware).Cost({load}), StepPart::kCommunication);
  };
  EXPECT_LT(communication(own, Decodes(4, 100)), 0.5 * communication(library, Decodes(4, 100)));
  EXPECT_EQ(communication(own, Prompts(1, 8192)), communication(library, Prompts(1, 8192)));
}

// Replicas with experts in common wait for the one with most to do.
TEST(InstanceModel, AttentionReplicasRunInLockstep) {
  const InstanceHardware hardware = HardwareFor("H200-SXM-141GB");
  const InstanceModel model(Spec("qwen3-30b-a3b", {.attention_data = 4, .expert = 4}), hardware);
  const StepLoad much = Decodes(100, 4000), little = Decodes(1, 10);
  const Seconds even = model.Cost({much, much, much, much}).duration;
  const Seconds uneven = model.Cost({much, little, little, StepLoad()}).duration;
  const Seconds light = model.Cost({little, little, little, little}).duration;
  EXPECT_LE(uneven, even);
  EXPECT_GT(uneven, light);
  EXPECT_EQ(uneven, model.Cost({StepLoad(), little, much, little}).duration);
}

// A step passes the stages one after another: the layers take as long as without stages, and what
// goes from stage to stage comes on top. 32 layers on three stages: all keep the pace of 11.
TEST(InstanceModel, StepsPassAllStages) {
  const InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  const InstanceModel one(Spec("llama3-8b"), hardware);
  const InstanceModel four(Spec("llama3-8b", {.pipeline = 4}), hardware);
  const Seconds alone = one.Cost({Decodes(1, 100)}).duration;
  const Seconds passed = four.Cost({Decodes(1, 100)}).duration;
  EXPECT_GT(passed, alone);
  EXPECT_LT(passed, alone + Seconds(1e-4));
  const InstanceModel three(Spec("llama3-8b", {.pipeline = 3}), hardware);
  const Seconds prompts = one.Cost({Prompts(4, 2048)}).duration;
  EXPECT_NEAR(three.Cost({Prompts(4, 2048)}).duration / prompts, 33.0 / 32, 0.02);
}

TEST(InstanceModel, FurtherTokensAreCheckedTogether) {
  const InstanceHardware hardware = HardwareFor("H200-SXM-141GB");
  InstanceSpec spec = Spec("deepseek-v3", {.tensor = 8});
  spec.precision = Fp8Static();
  const InstanceModel plain(spec, hardware);
  EXPECT_EQ(plain.TokensPerDecode(), 1.0);
  spec.speculation = Speculation{1, 1.8};
  const InstanceModel drafting(spec, hardware);
  EXPECT_EQ(drafting.TokensPerDecode(), 1.8);
  const Seconds step = plain.Cost({Decodes(4, 1000)}).duration;
  const Seconds drafted = drafting.Cost({Decodes(4, 1000)}).duration;
  EXPECT_GT(drafted, step);
  EXPECT_LT(drafted, 1.8 * step);  // few sequences: worth it
}

// All at one power: energy is that power for the step's time, on every accelerator of the stage
// that it is in.
TEST(InstanceModel, EnergyIsPowerTimesTime) {
  InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  const StepLoad load = Mixed(1, 500, 8, 100);
  const InstanceModel unknown(Spec("llama3-70b", {.tensor = 4}), hardware);
  EXPECT_EQ(unknown.Cost({load}).energy, Joules(0));
  hardware.power.fill(Watts(500));
  const StepCost four = InstanceModel(Spec("llama3-70b", {.tensor = 4}), hardware).Cost({load});
  EXPECT_NEAR(four.energy.value(), 4 * 500 * four.duration.value(), 1e-9);
  const InstanceModel stages(Spec("llama3-70b", {.tensor = 2, .pipeline = 2}), hardware);
  const StepCost two = stages.Cost({load});
  EXPECT_NEAR(two.energy.value(), 2 * 500 * two.duration.value(), 1e-9);
}

// Never longer than in one piece, and never shorter than its kernels or its exchange alone.
TEST(InstanceModel, TwoHalvesHideTheExchange) {
  const InstanceHardware hardware = HardwareFor("H800");
  ServingEngine engine = **FindEngine(ShippedCatalog(), "sglang-0.4");
  InstanceSpec spec = SpecFor("deepseek-v3", "sglang-0.4", {.attention_data = 32, .expert = 32});
  spec.precision = Fp8Static();
  spec.engine = &engine;
  const std::vector<StepLoad> loads(32, Prompts(4, 2048));
  engine.two_batch_overlap = false;
  const StepCost whole = InstanceModel(spec, hardware).Cost(loads);
  engine.two_batch_overlap = true;
  const StepCost halves = InstanceModel(spec, hardware).Cost(loads);
  EXPECT_LT(halves.duration, whole.duration);
  const Seconds exchange = PartOf(whole, StepPart::kCommunication);
  EXPECT_GE(halves.duration, 0.99 * Max(exchange, whole.duration - exchange));
}

TEST(CheckInstance, GroupsFillTheirHosts) {
  InstanceHardware hardware = HardwareFor("H100-SXM-80GB");
  EXPECT_TRUE(CheckInstance(Spec("llama3-70b", {.tensor = 4, .pipeline = 4}), hardware).ok());
  EXPECT_TRUE(CheckInstance(Spec("llama3-70b", {.tensor = 16}), hardware).ok());
  EXPECT_FALSE(CheckInstance(Spec("qwen3-30b-a3b", {.attention_data = 12}), hardware).ok());
  hardware.scale_out = nullptr;
  EXPECT_TRUE(CheckInstance(Spec("llama3-70b", {.tensor = 8}), hardware).ok());
  EXPECT_FALSE(CheckInstance(Spec("llama3-70b", {.tensor = 6}), hardware).ok());  // 64 heads
  EXPECT_FALSE(CheckInstance(Spec("llama3-70b", {.tensor = 16}), hardware).ok());
}

// Experts on many hosts: the network carries dispatch and combine.
TEST(InstanceModel, WideExpertParallelismPaysForItsNetwork) {
  InstanceHardware hardware = HardwareFor("H800");
  const ServingLayout wide{.attention_data = 32, .expert = 32};
  ServingEngine engine = **FindEngine(ShippedCatalog(), "sglang-0.4");
  engine.two_batch_overlap = false;
  InstanceSpec spec = SpecFor("deepseek-v3", "sglang-0.4", wide);
  spec.engine = &engine;
  spec.precision = Fp8Static();
  const std::vector<StepLoad> loads(32, Decodes(64, 2000));
  const StepCost before = InstanceModel(spec, hardware).Cost(loads);
  EXPECT_GT(PartOf(before, StepPart::kCommunication), Seconds(0));
  hardware.nic_bandwidth *= 0.25;
  const StepCost thin = InstanceModel(spec, hardware).Cost(loads);
  EXPECT_GT(PartOf(thin, StepPart::kCommunication), 1.5 * PartOf(before, StepPart::kCommunication));
}

}  // namespace
}  // namespace fleetsim
