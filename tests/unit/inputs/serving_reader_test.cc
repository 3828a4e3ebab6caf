#include "sim/inputs/serving_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "sim/inputs/workload_reader.h"
#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char kModelsRoot[] = FLEETSIM_SOURCE_DIR "/workloads/models";
const char kTraffic[] =
    "traffic { arrivals { rate_per_s: 2 } input { tokens: 512 } output { tokens: 128 } "
    "requests: 100 }";

// Line 3 is what the test adds.
std::string Text(const std::string& serve, const std::string& model = "llama3-70b") {
  return "jobs { id: 'chat' serve {\n  model: '" + model + "' engine: 'e'\n" + serve + "\n} }";
}

absl::StatusOr<ServingJob> Read(const std::string& content) {
  const auto workload = ReadWorkload(WriteTestFile("serve.textproto", content), kModelsRoot);
  if (!workload.ok()) return workload.status();
  EXPECT_TRUE(workload->jobs[0].serving.has_value());
  return *workload->jobs[0].serving;
}

ServingJob Good(const std::string& serve, const std::string& model = "llama3-70b") {
  const auto job = Read(Text(serve, model));
  EXPECT_TRUE(job.ok()) << job.status();
  return job.ok() ? *job : ServingJob();
}

std::string Error(const std::string& serve, const std::string& model = "llama3-70b") {
  const auto job = Read(Text(serve, model));
  EXPECT_FALSE(job.ok()) << serve;
  return std::string(job.status().message());
}

TEST(ReadServe, LittleIsNeeded) {
  const ServingJob job = Good(std::string("pools { tensor: 8 } ") + kTraffic);
  EXPECT_EQ(job.model.name, "llama3-70b");
  EXPECT_EQ(job.engine, "e");
  EXPECT_EQ(job.precision.products.weights.dtype, DataType::kBf16);
  EXPECT_EQ(job.precision.cache, DataType::kBf16);
  ASSERT_EQ(job.pools.size(), 1);
  EXPECT_EQ(job.pools[0].role, PoolRole::kBoth);
  EXPECT_EQ(job.pools[0].layout.Accelerators(), 8);
  EXPECT_FALSE(job.pools[0].instances.has_value());
  EXPECT_EQ(job.router.policy, RoutePolicy::kFewestRequests);
  const auto& arrivals = std::get<ArrivalRequest>(job.traffic.source);
  EXPECT_EQ(arrivals.process, ArrivalPattern::kPoisson);
  EXPECT_EQ(arrivals.rate_per_s, 2);
  EXPECT_THAT(job.traffic.input->tokens, ElementsAre(512));
  EXPECT_EQ(job.traffic.requests, 100);
  EXPECT_EQ(job.traffic.seed, 1);
  EXPECT_FALSE(job.objectives.ttft.has_value());
}

TEST(ReadServe, EveryField) {
  const ServingJob job = Good(
      "precision { weights: FP8_BLOCK cache: KV_FP8 expert_weights: NVFP4 } "
      "options { token_budget: 4096 max_sequences: 64 chunked_prefill: true prefix_cache: false "
      "block_tokens: 32 cache_blocks: 1000 memory_ratio: 0.8 preemption: SWAP scheduling: PRIORITY "
      "static_batch: 0 } "
      "pools { role: PREFILL cluster: 'leaf0' accelerator: 'H20' instances: 2 tensor: 4 "
      "attention_data: 2 expert: 8 redundant_experts: 32 expert_load_ratio: 1.2 "
      "accelerators_per_instance: 8 options { token_budget: 16384 } } "
      "pools { role: DECODE attention_data: 16 expert: 16 expert_popularity_exponent: 1.1 "
      "autoscale { min_instances: 1 "
      "max_instances: 4 add_load_ratio: 0.8 drain_load_ratio: 0.2 interval_s: 5 start_s: 60 } } "
      "router { policy: PREFIX_AWARE latency_s: 0.002 } "
      "failures { time_s: [30, 10] instance: [1, 0] repair_s: 100 } "
      "speculation { draft_tokens: 1 accepted_tokens: 1.8 } "
      "traffic { closed_loop { concurrency: 64 think_s: 1 } input { tokens: [100, 200] } "
      "output { log_normal { mean_tokens: 300 percentile_ratio: 0.95 percentile_tokens: 900 } } "
      "shared_prefix_tokens: 50 duration_s: 600 warm_up_s: 60 seed: 7 } "
      "objectives { ttft_s: 2 tpot_s: 0.05 percentile_ratio: 0.9 }",
      "deepseek-v3");
  EXPECT_EQ(job.precision.products.weights.scaling, Scaling::kBlock);
  EXPECT_EQ(job.precision.products.activations.scaling, Scaling::kBlock);
  EXPECT_EQ(job.precision.experts.weights.dtype, DataType::kFp4);
  EXPECT_EQ(job.precision.cache, DataType::kFp8);
  ASSERT_EQ(job.pools.size(), 2);
  const PoolRequest& prefill = job.pools[0];
  EXPECT_EQ(prefill.role, PoolRole::kPrefill);
  EXPECT_EQ(prefill.cluster, "leaf0");
  EXPECT_EQ(prefill.accelerator, "H20");
  EXPECT_EQ(prefill.instances, 2);
  EXPECT_EQ(prefill.layout.ExpertTensor(), 1);
  EXPECT_EQ(prefill.layout.redundant_experts, 32);
  EXPECT_EQ(prefill.layout.expert_load, 1.2);
  EXPECT_EQ(prefill.options.token_budget, 16384);  // the pool's over the job's
  EXPECT_EQ(prefill.options.max_sequences, 64);
  EXPECT_EQ(prefill.options.preemption, Preemption::kSwap);
  EXPECT_EQ(prefill.options.order, QueueOrder::kPriority);
  EXPECT_EQ(job.pools[1].options.token_budget, 4096);
  EXPECT_EQ(job.pools[1].layout.Accelerators(), 16);
  EXPECT_EQ(job.pools[1].layout.popularity_exponent, 1.1);
  EXPECT_EQ(job.pools[1].autoscale->max_instances, 4);
  EXPECT_EQ(job.pools[1].autoscale->start, Seconds(60));
  EXPECT_EQ(job.router.policy, RoutePolicy::kPrefixAware);
  ASSERT_EQ(job.failures->listed.size(), 2);
  EXPECT_EQ(job.failures->listed[0].time, Seconds(10));  // by rising time
  EXPECT_EQ(job.failures->listed[0].instance, 0);
  EXPECT_EQ(job.speculation->accepted_tokens, 1.8);
  EXPECT_EQ(std::get<ClosedLoopRequest>(job.traffic.source).concurrency, 64);
  EXPECT_EQ(job.traffic.shared_prefix, 50);
  EXPECT_EQ(job.traffic.warm_up, Seconds(60));
  EXPECT_EQ(job.objectives.tpot, Seconds(0.05));
  EXPECT_EQ(job.objectives.percentile, 0.9);
}

TEST(ReadServe, FormatsComeInPairsThatKernelsMultiply) {
  const auto precision = [](const std::string& text) {
    return Good("precision { " + text + " } pools { } " + kTraffic).precision;
  };
  EXPECT_EQ(precision("weights: INT8").products.activations.dtype, DataType::kInt8);
  EXPECT_EQ(precision("weights: INT8").products.activations.scaling, Scaling::kRow);
  EXPECT_TRUE(precision("weights: INT8 activations: ACT_BF16").products.WeightsOnly());
  EXPECT_TRUE(precision("weights: INT4").products.WeightsOnly());
  EXPECT_TRUE(precision("weights: MXFP4").products.WeightsOnly());
  EXPECT_FALSE(precision("weights: NVFP4").products.WeightsOnly());
  EXPECT_EQ(precision("weights: FP16 cache: KV_16BIT").cache, DataType::kFp16);
  EXPECT_EQ(precision("weights: FP8_TENSOR").products.activations.scaling,
            Scaling::kTensorDelayed);  // static
  const std::string pools = std::string("pools { } ") + kTraffic;
  EXPECT_THAT(Error("precision { weights: BF16 activations: ACT_FP8 } " + pools),
              AllOf(HasSubstr("serve.textproto:3:"), HasSubstr("serve.precision.activations"),
                    HasSubstr("ACT_FP8 with BF16"), HasSubstr("ACT_BF16")));
  EXPECT_THAT(Error("precision { expert_weights: MXFP4 } " + pools),
              HasSubstr("llama3-70b has no experts"));
  EXPECT_THAT(Error("precision { expert_activations: ACT_FP8 } " + pools),
              HasSubstr("without expert_weights"));
}

TEST(ReadServe, WrongPools) {
  const auto error = [](const std::string& pools, const std::string& model = "llama3-70b") {
    return Error(pools + " " + kTraffic, model);
  };
  EXPECT_THAT(error(""), AllOf(HasSubstr("serve.textproto:1"), HasSubstr("pools: is missing")));
  EXPECT_THAT(error("pools { tensor: 0 }"),
              AllOf(HasSubstr(":3:"), HasSubstr("pools[0].tensor: is 0"), HasSubstr("1 to")));
  EXPECT_THAT(error("pools { tensor: 6 }"), HasSubstr("the model's heads, which is 64"));
  EXPECT_THAT(error("pools { tensor: 32 } pools { role: PREFILL }"),
              HasSubstr("mix role BOTH with PREFILL or DECODE"));
  EXPECT_THAT(error("pools { role: PREFILL }"), HasSubstr("no pool of role DECODE"));
  EXPECT_THAT(error("pools { role: DECODE }"), HasSubstr("no pool of role PREFILL"));
  EXPECT_THAT(error("pools { pipeline: 81 }"), HasSubstr("give 1 to 80"));
  EXPECT_THAT(error("pools { expert: 2 }"), HasSubstr("has no experts"));
  EXPECT_THAT(error("pools { tensor: 4 accelerators_per_instance: 8 }"),
              HasSubstr("tensor x attention_data x pipeline is 4"));
  EXPECT_THAT(error("pools { instances: 0 }"), HasSubstr("instances: is 0"));
  EXPECT_THAT(error("pools { attention_data: 4 expert: 3 }", "deepseek-v3"),
              HasSubstr("tensor x attention_data, which is 4"));
  EXPECT_THAT(error("pools { attention_data: 8 expert: 8 redundant_experts: 3 }", "deepseek-v3"),
              HasSubstr("redundant copies, which is 259"));
  EXPECT_THAT(error("pools { expert_load_ratio: 0.5 }"), HasSubstr("expert_load_ratio: is 0.5"));
  EXPECT_THAT(error("pools { expert_popularity_exponent: 11 }", "deepseek-v3"),
              HasSubstr("expert_popularity_exponent: is 11"));
  EXPECT_THAT(error("pools { attention_data: 8 expert: 8 expert_load_ratio: 2 "
                    "expert_popularity_exponent: 1 }",
                    "deepseek-v3"),
              HasSubstr("leave out expert_load_ratio"));
  EXPECT_THAT(error("pools { autoscale { min_instances: 3 max_instances: 2 } }"),
              HasSubstr("max_instances: is 2"));
  EXPECT_THAT(error("pools { instances: 9 autoscale { min_instances: 1 max_instances: 2 } }"),
              HasSubstr("instances: is 9"));
  EXPECT_THAT(error("pools { options { memory_ratio: 1.5 } }"),
              HasSubstr("pools[0].options.memory_ratio: is 1.5"));
  EXPECT_THAT(error("options { token_budget: -1 } pools { }"),
              HasSubstr("options.token_budget: is -1"));
}

TEST(ReadServe, WrongTraffic) {
  const auto error = [](const std::string& traffic) { return Error("pools { } " + traffic); };
  const std::string lengths = "input { tokens: 9 } output { tokens: 9 } ";
  EXPECT_THAT(error(""), HasSubstr("traffic: is missing"));
  EXPECT_THAT(error("traffic { }"), HasSubstr("states no traffic"));
  EXPECT_THAT(error("traffic { arrivals { rate_per_s: -1 } " + lengths + " }"),
              AllOf(HasSubstr("serve.textproto:3:"), HasSubstr("rate_per_s: is -1")));
  EXPECT_THAT(error("traffic { arrivals { rate_per_s: 1 } " + lengths + " }"),
              HasSubstr("give requests or duration_s"));
  EXPECT_THAT(error("traffic { arrivals { rate_per_s: 1 burstiness: 2 } " + lengths + " }"),
              HasSubstr("only GAMMA and BURSTY"));
  EXPECT_THAT(error("traffic { arrivals { rate_per_s: 1 burst_s: 2 } " + lengths + " }"),
              HasSubstr("only BURSTY"));
  EXPECT_THAT(error("traffic { fixed_batch { batch: 8 } input { tokens: 9 } }"),
              HasSubstr("output: is missing"));
  EXPECT_THAT(error("traffic { fixed_batch { batch: 0 } " + lengths + " }"),
              HasSubstr("batch: is 0"));
  EXPECT_THAT(error("traffic { closed_loop { concurrency: 0 } " + lengths + " }"),
              HasSubstr("concurrency: is 0"));
  EXPECT_THAT(error("traffic { trace: 'no_such_file' }"), HasSubstr("\"no_such_file\" is no file"));
  EXPECT_THAT(error("traffic { fixed_batch { batch: 8 } rate_scale_ratio: 2 " + lengths + " }"),
              HasSubstr("without a trace"));
  EXPECT_THAT(
      error("traffic { fixed_batch { batch: 8 } shared_prefix_tokens: 10 " + lengths + " }"),
      HasSubstr("give 0 to 9"));
  EXPECT_THAT(error("traffic { fixed_batch { batch: 8 } requests: 2.5 " + lengths + " }"),
              HasSubstr("whole number"));
}

TEST(ReadServe, OtherWrongValues) {
  const std::string rest = std::string(" pools { } ") + kTraffic;
  EXPECT_THAT(Error("failures { }" + rest), HasSubstr("states none"));
  EXPECT_THAT(Error("failures { mtbf_s: 100 time_s: 3 }" + rest), HasSubstr("two ways"));
  EXPECT_THAT(Error("failures { time_s: [1, 2] instance: 0 }" + rest),
              HasSubstr("one for each of the 2 times"));
  EXPECT_THAT(Error("speculation { draft_tokens: 1 accepted_tokens: 1.5 }" + rest),
              HasSubstr("no further-token modules"));
  const auto drafts =
      Error("speculation { draft_tokens: 1 accepted_tokens: 2.5 }" + rest, "deepseek-v3");
  EXPECT_THAT(drafts, HasSubstr("give 1 to 2"));
  EXPECT_THAT(Error("objectives { percentile_ratio: 1 }" + rest),
              HasSubstr("percentile_ratio: is 1"));
  EXPECT_THAT(Error("objectives { ttft_s: 0 }" + rest), HasSubstr("ttft_s: is 0"));
  EXPECT_THAT(Error("router { latency_s: -1 }" + rest), HasSubstr("latency_s: is -1"));
  EXPECT_THAT(Error("warp: 9" + rest), HasSubstr("warp"));
  const auto no_engine = Read("jobs { id: 'a' serve { model: 'llama3-70b' pools { } " +
                              std::string(kTraffic) + " } }");
  EXPECT_THAT(std::string(no_engine.status().message()), HasSubstr("engine: is missing"));
}

}  // namespace
}  // namespace fleetsim
