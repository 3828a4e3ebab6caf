#include "sim/validation/serving_result.h"

#include <gtest/gtest.h>

#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/model_reader.h"
#include "sim/validation/case_platform.h"
#include "sim/validation/serving_case.h"

namespace fleetsim {
namespace {

// Of a row with this model, engine and load on accelerators of this name. One a process.
ServingResult Simulated(const std::string& model, const std::string& accelerator, int accelerators,
                        const std::string& engine, const std::string& load) {
  const auto catalog = ReadCatalog(FLEETSIM_SOURCE_DIR "/platforms/catalog");
  const auto models = ReadModels(FLEETSIM_SOURCE_DIR "/workloads/models");
  ServingCase row;
  row.measured.id = "made-up";
  row.measured.model = model;
  row.measured.accelerator = accelerator;
  row.measured.accelerators = accelerators;
  row.measured.tensor = 1;
  row.engine = engine;
  row.load = load;
  row.weight_bits = row.activation_bits = 16;
  row.input_tokens = 512;
  row.output_tokens = 64;
  const auto translation = TranslateServing(row, *catalog, *models);
  EXPECT_TRUE(translation.ok()) << translation.status();
  const auto platform = CasePlatform::Make(translation->fleet, *catalog);
  const auto network = Network::Load(platform->fleet());
  const auto result = SimulatePoint(*translation, platform->fleet(), *catalog, **network);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : ServingResult();
}

// The board's limit is 1,000 W and its dense peak 2.25 Pflop/s, which it cannot hold.
TEST(ServingResultTest, OneProductDrawsTheBoardsLimit) {
  const ServingResult result =
      Simulated("GEMM bf16 8192^3", "B200-SXM-180GB", 1, "vLLM 0.22.0 op benchmark", "");
  EXPECT_NEAR(*ServingMetric(result, "board_power"), 991, 1);
  EXPECT_GT(*ServingMetric(result, "achieved_tflops"), 1300);
  EXPECT_LT(*ServingMetric(result, "achieved_tflops"), 1600);
  EXPECT_FALSE(ServingMetric(result, "system_power_mean"));
}

// Between what eight boards and their server draw waiting and at their limits.
TEST(ServingResultTest, ServersOfABusyDeploymentDrawWithinTheirLimits) {
  const ServingResult result = Simulated("Llama-2-7B", "H200-SXM-141GB", 8, "vLLM 0.9.2", "256");
  const double power = *ServingMetric(result, "system_power_mean");
  EXPECT_GT(power, 8 * 300 + 1420);
  EXPECT_LT(power, 8 * 700 + 2800);
  EXPECT_FALSE(ServingMetric(result, "board_power"));
}

// One batch: between streaming alone and the limit of 700 W; servers are not asked about.
TEST(ServingResultTest, BoardsOfAFixedBatch) {
  const ServingResult result =
      Simulated("Llama-2-7B", "H200-SXM-141GB", 1, "TensorRT-LLM 0.9.0", "16");
  const double power = *ServingMetric(result, "board_power");
  EXPECT_GT(power, 300);
  EXPECT_LT(power, 700);
  EXPECT_FALSE(ServingMetric(result, "system_power_mean"));
}

TEST(ServingResultTest, KindsOfPowerAndKernels) {
  const ServingLoad load;
  EXPECT_EQ(ServingClassOf("system_power_mean", load), MetricClass::kPower);
  EXPECT_EQ(ServingClassOf("board_power", load), MetricClass::kPower);
  EXPECT_EQ(ServingClassOf("achieved_tflops", load), MetricClass::kKernel);
  EXPECT_EQ(ServingClassOf("prefill_mfu", load), MetricClass::kOther);
}

}  // namespace
}  // namespace fleetsim
