#include "sim/inference/serving_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/model_reader.h"
#include "sim/platform/read.h"

namespace fleetsim {
namespace {

// How an engine's entry batches on one host of eight H100.
EngineOptions OptionsOf(const std::string& engine) {
  const auto catalog = ReadCatalog(FLEETSIM_SOURCE_DIR "/platforms/catalog");
  const auto fleet = ReadFleet(FLEETSIM_SOURCE_DIR "/platforms/h100-1x8.xml", *catalog);
  const auto model = FindModel("llama3-8b", FLEETSIM_SOURCE_DIR "/workloads/models");
  ServingJob job;
  job.model = *model;
  job.engine = engine;
  job.pools.emplace_back();
  job.traffic.source = ClosedLoopRequest{4};
  job.traffic.input = job.traffic.output = LengthDistribution{{100}, {1}};
  const auto plan = PlanServing(job, *fleet, *catalog);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? plan->deployment.pools[0].engine : EngineOptions();
}

// In-flight batching does not cut prompts and still has decodes beside them.
TEST(ServingPlan, BatchingIsTheEngines) {
  const EngineOptions in_flight = OptionsOf("trtllm-0.12");
  EXPECT_EQ(in_flight.batching, BatchPolicy::kDecodeFirst);
  EXPECT_FALSE(in_flight.chunked_prefill);
  EXPECT_TRUE(in_flight.reserve_output);
  const EngineOptions apart = OptionsOf("sglang-2026");
  EXPECT_EQ(apart.batching, BatchPolicy::kPrefillFirst);
  EXPECT_TRUE(apart.chunked_prefill);
  EXPECT_EQ(OptionsOf("vllm-0.6").batching, BatchPolicy::kPrefillFirst);
  EXPECT_EQ(OptionsOf("vllm-0.9").batching, BatchPolicy::kDecodeFirst);
  EXPECT_FALSE(OptionsOf("vllm-0.9").reserve_output);
}

}  // namespace
}  // namespace fleetsim
