#include "sim/validation/serving_case.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/model_reader.h"

namespace fleetsim {
namespace {

class ServingCaseTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto catalog = ReadCatalog(FLEETSIM_SOURCE_DIR "/platforms/catalog");
    auto models = ReadModels(FLEETSIM_SOURCE_DIR "/workloads/models");
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    ASSERT_TRUE(models.ok()) << models.status();
    catalog_ = new Catalog(*std::move(catalog));
    models_ = new Models(*std::move(models));
  }

  // Llama-2-7B in 8 bits on one H100.
  static ServingCase Row(const std::string& engine, const std::string& load) {
    ServingCase row;
    row.measured.id = "made-up";
    row.measured.model = "Llama-2-7B";
    row.measured.accelerator = "H100-SXM-80GB";
    row.measured.accelerators = row.measured.tensor = 1;
    row.engine = engine;
    row.load = load;
    row.weight_bits = row.activation_bits = row.cache_bits = 8;
    row.input_tokens = 128;
    row.output_tokens = 64;
    return row;
  }

  static ServingTranslation Translated(const ServingCase& row) {
    auto translation = TranslateServing(row, *catalog_, *models_);
    EXPECT_TRUE(translation.ok()) << translation.status();
    return translation.ok() ? *std::move(translation) : ServingTranslation();
  }

  static std::string Reason(const ServingCase& row) {
    return std::string(TranslateServing(row, *catalog_, *models_).status().message());
  }

  static const Catalog* catalog_;
  static const Models* models_;
};
const Catalog* ServingCaseTest::catalog_ = nullptr;
const Models* ServingCaseTest::models_ = nullptr;

TEST_F(ServingCaseTest, TheLongestTextOfAnEngineWins) {
  EXPECT_EQ(Translated(Row("TensorRT-LLM 0.12.0", "inf")).job.engine, "trtllm-0.12");
  EXPECT_EQ(Translated(Row("TensorRT-LLM 0.14.0", "inf")).job.engine, "trtllm-0.14");
  EXPECT_EQ(Translated(Row("vLLM 0.9.2", "8")).job.engine, "vllm-0.9");
  EXPECT_EQ(Translated(Row("vllm 0.18.0", "8")).job.engine, "vllm-2026");
  EXPECT_EQ(Reason(Row("Orca 1", "8")), "no engine in the catalog for 'Orca 1'");
}

TEST_F(ServingCaseTest, LoadsAsTheColumnSays) {
  const ServingLoad batch = Translated(Row("TensorRT-LLM 0.9.0", "64")).load;
  EXPECT_EQ(batch.kind, LoadKind::kFixedBatch);
  EXPECT_EQ(batch.amount, 64);
  const ServingLoad clients = Translated(Row("vLLM 0.9.2", "64")).load;
  EXPECT_EQ(clients.kind, LoadKind::kClosedLoop);
  EXPECT_EQ(clients.requests, 4 * 64);
  const ServingLoad burst = Translated(Row("vLLM 0.9.2", "1000 requests at once")).load;
  EXPECT_EQ(burst.amount, 1000);
  EXPECT_EQ(burst.requests, 1000);
  const ServingLoad open = Translated(Row("TensorRT-LLM", "poisson@19.90 rps")).load;
  EXPECT_EQ(open.kind, LoadKind::kPoisson);
  EXPECT_DOUBLE_EQ(open.amount, 19.9);
  EXPECT_DOUBLE_EQ(Translated(Row("vLLM 0.6.0", "trace creation_025.jsonl")).load.amount, 0.25);
  EXPECT_EQ(Translated(Row("vLLM 0.9.2", "48/GPU")).load.kind, LoadKind::kDecodeStep);
  EXPECT_EQ(Translated(Row("vLLM 0.9.2", "16384 tokens/GPU")).load.kind, LoadKind::kPrefillStep);
  EXPECT_EQ(Reason(Row("vLLM 0.9.2", "often")), "load 'often'");
  EXPECT_EQ(Reason(Row("vLLM 0.9.2", "")), "row does not state the load");
}

TEST_F(ServingCaseTest, FormatsFromBitsAndNotes) {
  ServingCase row = Row("vLLM 0.9.2", "8");
  EXPECT_EQ(Translated(row).job.precision.products.activations.scaling, Scaling::kTensorDelayed);
  row.measured.notes = "method fp8-dynamic";
  EXPECT_EQ(Translated(row).job.precision.products.activations.scaling, Scaling::kRow);
  row.weight_bits = 4;
  row.activation_bits = 16;
  EXPECT_EQ(Translated(row).job.precision.products.weights.dtype, DataType::kInt4);
  EXPECT_TRUE(Translated(row).job.precision.products.WeightsOnly());
  row = Row("vLLM 0.9.2", "8");
  row.measured.accelerator = "A100-SXM4-80GB";  // no units for FP8
  EXPECT_EQ(Translated(row).job.precision.products.weights.dtype, DataType::kInt8);
  EXPECT_EQ(Translated(row).job.precision.cache, DataType::kInt8);
}

// 2 x 4 of tensor ranks and instances; with experts the data degree is attention's.
TEST_F(ServingCaseTest, Layouts) {
  ServingCase row = Row("vLLM 0.9.2", "8");
  row.measured.accelerators = 8;
  row.measured.tensor = 2;
  row.measured.data = 4;
  ServingTranslation dense = Translated(row);
  EXPECT_EQ(dense.job.pools[0].layout.tensor, 2);
  EXPECT_EQ(*dense.job.pools[0].instances, 4);
  row.measured.model = "DeepSeek-R1";
  row.measured.tensor = row.measured.data = row.measured.expert = 8;
  ServingTranslation experts = Translated(row);
  EXPECT_EQ(experts.job.pools[0].layout.tensor, 1);
  EXPECT_EQ(experts.job.pools[0].layout.attention_data, 8);
  EXPECT_EQ(experts.job.pools[0].layout.expert, 8);
  EXPECT_FALSE(experts.job.pools[0].layout.popularity_exponent.has_value());
  row.measured.notes = "default (imbalanced) experts";
  EXPECT_FALSE(Translated(row).job.pools[0].layout.popularity_exponent.has_value());
  row.measured.notes = "from a trace, perfectly balanced experts";
  EXPECT_EQ(Translated(row).job.pools[0].layout.popularity_exponent, 0.0);
  // A degree of 64 is 8 x 8 of the same ranks.
  row.measured.accelerators = row.measured.tensor = 64;
  row.measured.data = 1;
  EXPECT_EQ(Translated(row).accelerators, 8);
  row.measured.tensor = 3;
  EXPECT_EQ(Reason(row), "degrees do not multiply to the number of accelerators");
}

// 70 GB of 8-bit weights are more than 60 % of 80 GB and less than 60 % of 160 GB.
TEST_F(ServingCaseTest, WithoutALayoutTheFewestRanksThatHoldTheWeights) {
  ServingCase row = Row("TensorRT-LLM", "offline");
  row.measured.model = "Llama-2-70B";
  row.measured.accelerators = 8;
  row.measured.tensor.reset();
  const ServingTranslation translation = Translated(row);
  EXPECT_EQ(translation.job.pools[0].layout.tensor, 2);
  EXPECT_EQ(*translation.job.pools[0].instances, 4);
}

TEST_F(ServingCaseTest, SquareProductsAreKernelsOfTheirOwn) {
  ServingCase row = Row("vLLM 0.22.0 op benchmark", "");
  row.measured.model = "GEMM bf16 8192^3";
  const ServingTranslation product = Translated(row);
  EXPECT_EQ(product.load.kind, LoadKind::kProduct);
  EXPECT_EQ(product.load.product_side, 8192);
  const std::string key = SimulationKey(product);
  row.measured.model = "GEMM bf16 4096^3";
  EXPECT_NE(SimulationKey(Translated(row)), key);
  row.measured.model = "GEMM";
  EXPECT_EQ(Reason(row), "row does not state the model's shape");
}

TEST_F(ServingCaseTest, WhatIsMissingIsNamed) {
  ServingCase row = Row("vLLM 0.9.2", "8");
  row.output_tokens.reset();
  EXPECT_EQ(Reason(row), "row does not state the output length");
  row = Row("vLLM 0.9.2", "8");
  row.split = true;
  EXPECT_EQ(Reason(row), "split prefill and decode: numbers of workers not stated");
}

// A TensorRT-LLM sample of InferenceX on GB200: one prefill worker of 1 x 4, four decode workers of
// 8 x 1.
ServingCase SplitRow(ServingCase row) {
  row.engine = "trtllm 0.8.1.post2";
  row.load = "96";
  row.measured.model = "DeepSeek-R1";
  row.measured.accelerator = "gb200";
  row.measured.accelerators = 36;
  row.benchmark = Benchmark::kInferenceX;
  row.weight_bits.reset();
  row.weight_format = "nvfp4";
  row.split = true;
  row.workers = {{1, 1, 4, 4}, {4, 8, 1, 8}, 192};
  return row;
}

TEST_F(ServingCaseTest, SplitRowsAreTwoPools) {
  const ServingTranslation split = Translated(SplitRow(Row("", "")));
  ASSERT_EQ(split.job.pools.size(), 2u);
  const PoolRequest &prefill = split.job.pools[0], &decode = split.job.pools[1];
  EXPECT_EQ(split.job.engine, "trtllm-2026");  // Dynamo's release says nothing of the engine's
  EXPECT_EQ(prefill.role, PoolRole::kPrefill);
  EXPECT_EQ(prefill.layout.attention_data, 4);
  EXPECT_EQ(prefill.options.token_budget, 16384);
  EXPECT_EQ(decode.role, PoolRole::kDecode);
  EXPECT_EQ(*decode.instances, 4);
  EXPECT_EQ(decode.layout.tensor, 8);
  EXPECT_EQ(decode.layout.expert, 8);
  EXPECT_EQ(split.accelerators, 36);
  EXPECT_EQ(split.fleet.hosts, 1);  // a rack
  EXPECT_EQ(split.job.router.policy, RoutePolicy::kRoundRobin);
  EXPECT_EQ(split.load.requests, 960);
}

// 192 clients on 4 ranks are 48 each: the recipe's batch is 32. With data parallelism 3 x 16 is
// one too. In FP8 the row's own clients count. H200's recipes have room for all.
TEST_F(ServingCaseTest, DecodeBatchesOfSplitRecipes) {
  ServingCase row = SplitRow(Row("", ""));
  EXPECT_EQ(Translated(row).job.pools[1].options.max_sequences, 32);
  const std::string swept = SimulationKey(Translated(row));
  row.weight_format = "fp8";
  EXPECT_EQ(Translated(row).job.pools[1].options.max_sequences, 16);
  EXPECT_NE(SimulationKey(Translated(row)), swept);
  row.workers->decode = {1, 1, 4, 4};
  row.load = "192";
  EXPECT_EQ(Translated(row).job.pools[1].options.max_sequences, 48);
  row.measured.accelerator = "h200_sxm";
  EXPECT_FALSE(Translated(row).job.pools[1].options.max_sequences);
}

// Four workers of 8 and one of 4 take a host of 8 each.
TEST_F(ServingCaseTest, SplitWorkersBeginOnHostsOfTheirOwn) {
  ServingCase row = SplitRow(Row("", ""));
  row.measured.accelerator = "b200_sxm";
  EXPECT_EQ(Translated(row).fleet.hosts, 5);
}

TEST_F(ServingCaseTest, EqualPointsAreOneSimulation) {
  ServingCase a = Row("vLLM 0.9.2", "8"), b = a;
  b.measured.id = "another";
  EXPECT_EQ(SimulationKey(Translated(a)), SimulationKey(Translated(b)));
  b.output_tokens = 65;
  EXPECT_NE(SimulationKey(Translated(a)), SimulationKey(Translated(b)));
}

// Numbers of requests and memory as TensorRT-LLM's documentation has them. trtllm-bench computes
// from 2 x 141 GB less 70.6 GB of weights, 0.95 of it, and 160 KiB a token: 599 sequences of 2,048
// tokens, rounded up to 640, and at least 2,048 tokens.
TEST_F(ServingCaseTest, TablesOfTensorRtLlmRunItsBenchmark) {
  ServingCase row = Row("TensorRT-LLM 1.x (2026 doc)", "inf");
  row.measured.model = "Llama-3.3-70B";
  row.measured.accelerator = "H200-SXM-141GB";
  row.measured.accelerators = row.measured.tensor = 2;
  row.input_tokens = row.output_tokens = 1024;
  const ServingTranslation bench = Translated(row);
  EXPECT_EQ(bench.load.requests, 3000);
  EXPECT_EQ(bench.job.pools[0].options.max_sequences, 640);
  EXPECT_EQ(bench.job.pools[0].options.token_budget, 2048);
  EXPECT_EQ(bench.job.pools[0].options.memory_ratio, 0.95);
  EXPECT_EQ(bench.job.pools[0].options.chunked_prefill, false);
  row.input_tokens = 32768;  // not cut: a prompt beside 64 sequences, the fewest
  EXPECT_EQ(Translated(row).load.requests, 1000);
  EXPECT_EQ(Translated(row).job.pools[0].options.token_budget, 32768 + 64);
  row = Row("TensorRT-LLM 0.12.0", "inf");
  row.output_tokens = 128;
  EXPECT_EQ(Translated(row).load.requests, 30000);
  EXPECT_EQ(Translated(row).job.pools[0].options.memory_ratio, 0.99);
  EXPECT_FALSE(Translated(row).job.pools[0].options.max_sequences);
  row.load = "64";
  EXPECT_FALSE(Translated(row).job.pools[0].options.memory_ratio);
}

// MLCommons' limits of the benchmark and scenario.
TEST_F(ServingCaseTest, ServerRowsOfMlperfAskForTheHighestRate) {
  ServingCase row = Row("TensorRT-LLM", "poisson@70.83 rps");
  row.measured.model = "Llama-2-70B-chat";
  row.measured.accelerators = 8;
  row.measured.tensor = 2;
  row.input_tokens.reset();
  row.measured.notes = "Interactive; NVIDIA X; MLPerf OpenOrca, ISL<=1024";
  const ServingTranslation server = Translated(row);
  ASSERT_TRUE(server.load.limits);
  EXPECT_DOUBLE_EQ(server.load.limits->ttft->value(), 0.45);
  EXPECT_DOUBLE_EQ(server.job.objectives.tpot->value(), 0.04);
  EXPECT_EQ(server.load.input_tokens, 219);
  EXPECT_DOUBLE_EQ(server.job.traffic.duration->value(), 2400);
  row.measured.notes = "Poisson arrivals";
  row.input_tokens = 128;
  EXPECT_FALSE(Translated(row).load.limits);
}

TEST_F(ServingCaseTest, InferenceXRowsRunItsRecipes) {
  ServingCase row = Row("vllm", "64");
  row.benchmark = Benchmark::kInferenceX;
  row.measured.accelerator = "B200-SXM-180GB";
  row.cache_bits.reset();
  const ServingTranslation recipe = Translated(row);
  EXPECT_EQ(recipe.load.requests, 640);
  EXPECT_EQ(recipe.job.engine, "vllm-2026");
  EXPECT_EQ(recipe.job.pools[0].options.token_budget, 256);
  EXPECT_EQ(recipe.job.precision.cache, DataType::kFp8);
  row.measured.accelerator = "H100-SXM-80GB";
  EXPECT_EQ(Translated(row).job.precision.cache, DataType::kBf16);
}

// Files of vllm-ascend's tests, which the row's source names.
TEST_F(ServingCaseTest, VllmAscendRowsRunTheirRecipes) {
  ServingCase row = Row("vllm-ascend", "700");
  row.measured.model = "Qwen3-32B";
  row.measured.accelerator = "Ascend-910C-die-64GB(A3)";
  row.measured.accelerators = row.measured.tensor = 4;
  row.measured.source = "vllm-ascend tests/e2e (nightly/weekly baseline of Qwen3-32B-Int8)";
  const ServingTranslation whole = Translated(row);
  EXPECT_EQ(whole.job.engine, "vllm-ascend-full-graph-2025");
  EXPECT_EQ(whole.job.pools[0].options.max_sequences, 80);
  EXPECT_EQ(whole.job.pools[0].options.token_budget, 40960);
  row.measured.source = "vllm-ascend tests/e2e (nightly/weekly baseline of Qwen3-235B-A22B)";
  const ServingTranslation pieces = Translated(row);
  EXPECT_EQ(pieces.job.engine, "vllm-ascend-2025");
  EXPECT_EQ(pieces.job.pools[0].options.max_sequences, 32);
  row.measured.source = "vllm-ascend, an issue";
  EXPECT_FALSE(Translated(row).job.pools[0].options.max_sequences);
  row.engine = "vLLM-Ascend 0.9.1 TP2";
  EXPECT_EQ(Translated(row).job.engine, "vllm-ascend-0.9");
}

TEST_F(ServingCaseTest, SpeculationNeedsAnAcceptance) {
  ServingCase row = Row("vllm-ascend", "80");
  row.measured.model = "Kimi-K2.5";
  row.measured.accelerator = "Ascend-910C-die-64GB(A3)";
  row.measured.accelerators = row.measured.expert = 16;
  row.measured.tensor = 16;
  row.weight_bits = 4;
  row.measured.notes = "speculation on";
  EXPECT_EQ(Reason(row), "acceptance of speculative decoding is not stated");
  row.measured.source = "vllm-ascend tests/e2e (nightly/weekly baseline of Kimi-K2_5-W4A8-A2)";
  const ServingTranslation recipe = Translated(row);
  EXPECT_EQ(recipe.job.speculation->draft_tokens, 3);
  EXPECT_DOUBLE_EQ(recipe.job.speculation->accepted_tokens, 3.2);
  EXPECT_EQ(recipe.job.model.multi_token_prediction_layers, 1);
}

// Software sees the dies of an Atlas 800 A3, 16 of them behind one switch.
TEST_F(ServingCaseTest, DiesShareAHost) {
  ServingCase row = Row("vllm-ascend", "8");
  row.measured.accelerator = "Ascend-910C-die-64GB(A3)";
  row.measured.accelerators = row.measured.tensor = 16;
  const ServingTranslation run = Translated(row);
  EXPECT_EQ(run.fleet.server->name, "atlas-800t-a3-dies");
  EXPECT_EQ(run.fleet.hosts, 1);
}

// aiconfigurator's benchmark rules: max_num_tokens = batch + prompt + 1500.
TEST_F(ServingCaseTest, GeneratedRunsHaveTheGeneratorsBudget) {
  ServingCase row = Row("vllm ", "64");
  row.benchmark = Benchmark::kAiconfigurator;
  const ServingTranslation run = Translated(row);
  EXPECT_EQ(run.job.engine, "vllm-2026");
  EXPECT_EQ(run.load.requests, 640);
  EXPECT_EQ(run.job.pools[0].options.token_budget, 64 + 128 + 1500);
}

// SCHEDULER_RECV_INTERVAL of its scripts.
TEST_F(ServingCaseTest, InferenceXsSglangLooksForRequestsNowAndThen) {
  ServingCase row = Row("sglang 0.5.9", "8");
  row.benchmark = Benchmark::kInferenceX;
  row.measured.model = "DeepSeek-R1";
  row.measured.accelerator = "B200-SXM-180GB";
  row.measured.accelerators = row.measured.tensor = 8;
  EXPECT_EQ(Translated(row).job.pools[0].options.poll_steps, 10);
  row.load = "16";
  EXPECT_EQ(Translated(row).job.pools[0].options.poll_steps, 30);
  row.measured.accelerator = "H200-SXM-141GB";
  EXPECT_FALSE(Translated(row).job.pools[0].options.poll_steps);
}

TEST_F(ServingCaseTest, PowerCapsOfAcceleratorAndNotes) {
  ServingCase row = Row("vLLM (2023)", "8");
  EXPECT_EQ(Translated(row).fleet.power_cap_w, 0);
  row.measured.accelerator = "H100-SXM-80GB power-capped";
  EXPECT_EQ(Translated(row).fleet.power_cap_w, 350);
  EXPECT_EQ(Translated(row).fleet.accelerator->name, "nvidia-h100-sxm-80gb");
  row.measured.accelerator = "H200-SXM-141GB";
  row.measured.notes = "GPU power capped 500 W (MaxQ)";
  EXPECT_EQ(Translated(row).fleet.power_cap_w, 500);
}

}  // namespace
}  // namespace fleetsim
