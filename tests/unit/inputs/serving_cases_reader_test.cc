#include "sim/inputs/serving_cases_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

constexpr char kHeader[] =
    "system,model,gemm_quant,moe_quant,backend,backend_version,mode,isl,osl,concurrency,tp,pp,"
    "attn_dp,moe_ep,ttft_ms,tpot_ms,source,prefill_workers,prefill_tp,prefill_attn_dp,"
    "prefill_moe_ep,decode_workers,decode_tp,decode_attn_dp,decode_moe_ep\n";

// A split sample with so many clients.
std::string Sample(const std::string& clients, const std::string& workers) {
  return "gb200,deepseek-ai/DeepSeek-V3,nvfp4,nvfp4,trtllm,0.8.1,disagg,1024,1024," + clients +
         ",,,,,400,8,db; config_id=7; silicon_concurrency=" + clients + "," + workers + "\n";
}

TEST(ServingCasesReader, WorkersOfSplitSamples) {
  const std::string workers = "1,1,4,4,4,8,0,8";  // 0: not known
  const std::string path =
      WriteTestFile("samples.csv", kHeader + Sample("12", workers) + Sample("192", workers) +
                                       Sample("96", ",1,4,4,,8,1,8"));
  const auto samples = ReadServingCases(path);
  ASSERT_TRUE(samples.ok()) << samples.status();
  const ServingCase& first = (*samples)[0];
  ASSERT_TRUE(first.split && first.workers);
  EXPECT_EQ(first.workers->prefill, (WorkerGroup{1, 1, 4, 4}));
  EXPECT_EQ(first.workers->decode, (WorkerGroup{4, 8, 1, 8}));
  EXPECT_EQ(*first.measured.accelerators, 4 + 4 * 8);
  EXPECT_EQ(first.workers->most_clients, 192);  // of the same deployment and lengths
  EXPECT_TRUE((*samples)[2].split);
  EXPECT_FALSE((*samples)[2].workers);  // their numbers are not stated
}

}  // namespace
}  // namespace fleetsim
