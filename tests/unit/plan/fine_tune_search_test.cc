// Shipped fine-tuning jobs on the platforms that they are meant for.
#include <string>

#include "gmock/gmock.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/workload_reader.h"
#include "sim/plan/search.h"
#include "sim/platform/read.h"
#include "sim/training/fit.h"
#include "sim/training/resolve.h"

namespace fleetsim {
namespace {

const std::string kSource = FLEETSIM_SOURCE_DIR;

struct Shipped {
  const char* workload;
  const char* platform;
};

void PrintTo(const Shipped& shipped, std::ostream* out) {
  *out << shipped.workload << " on " << shipped.platform;
}

class ShippedFineTuning : public ::testing::TestWithParam<Shipped> {};

TEST_P(ShippedFineTuning, FitsWithTheStrategyStatedOrFound) {
  const auto catalog = ReadCatalog(kSource + "/platforms/catalog");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  const auto workload =
      ReadWorkload(kSource + "/workloads/finetune/" + GetParam().workload + ".textproto",
                   kSource + "/workloads/models");
  ASSERT_TRUE(workload.ok()) << workload.status();
  const auto fleet = ReadFleet(kSource + "/platforms/" + GetParam().platform + ".xml", *catalog);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  const Job& job = workload->jobs[0];
  ASSERT_TRUE(job.pretrain.tuning.has_value());
  const Bytes capacity = fleet->leaves[0].accelerator->UsableMemory();
  if (job.pretrain.parallelism) {
    const auto spec = Resolve(job, *job.pretrain.parallelism, *fleet, *catalog);
    ASSERT_TRUE(spec.ok()) << spec.status();
    EXPECT_TRUE(CheckFits(*spec, capacity).ok()) << CheckFits(*spec, capacity).status();
    return;
  }
  const auto candidates = SearchStrategies(job, *fleet, *catalog, 1);
  ASSERT_TRUE(candidates.ok()) << candidates.status();
  EXPECT_LE(MemoryOf(candidates->front().spec).Total(), capacity);
  EXPECT_EQ(candidates->front().spec.GlobalBatch(), job.pretrain.global_batch);
}

INSTANTIATE_TEST_SUITE_P(
    All, ShippedFineTuning,
    ::testing::Values(
        Shipped{"llama3-8b-lora", "h100-1x8"}, Shipped{"llama3-8b-lora", "a100-1x8"},
        Shipped{"llama3-8b-lora", "a100-40gb-1x8"}, Shipped{"llama3-8b-lora", "ascend-910b-1x8"},
        Shipped{"llama3-8b-lora", "mi300x-1x8"}, Shipped{"llama3-8b-lora", "metax-c500-1x8"},
        Shipped{"llama3-70b-lora", "a100-1x8"}, Shipped{"llama3-70b-lora", "a800-1x8"},
        Shipped{"llama3-70b-lora", "h100-1x8"}, Shipped{"llama3-70b-lora", "h800-1x8"},
        Shipped{"llama3-70b-lora", "h20-1x8"}, Shipped{"llama3-70b-lora", "h200-1x8"},
        Shipped{"llama3-70b-lora", "b200-1x8"}, Shipped{"llama3-70b-lora", "b300-1x8"},
        Shipped{"llama3-70b-lora", "mi300x-1x8"}, Shipped{"llama3-70b-lora", "mi325x-1x8"},
        Shipped{"llama3-70b-lora", "mi355x-1x8"}, Shipped{"llama3-70b-lora", "ascend-910b-1x8"},
        Shipped{"llama3-70b-lora", "metax-c500-1x8"}, Shipped{"llama3-70b-qlora", "h100-1x8"},
        Shipped{"llama2-70b-lora-mlperf", "h100-1x8"}, Shipped{"qwen2.5-72b-sft", "h20-64-roce"},
        Shipped{"qwen2.5-72b-sft", "ascend-910b-64"}, Shipped{"llama3-8b-dpo", "h100-1x8"}),
    [](const auto& shipped) {
      std::string name = std::string(shipped.param.workload) + "_" + shipped.param.platform;
      for (char& letter : name) {
        if (letter == '-' || letter == '.') letter = '_';
      }
      return name;
    });

// A quantised base leaves room for whole replicas; one in 16 bits has to be divided.
TEST(FineTuneSearch, QuantisedBaseNeedsNoModelParallelism) {
  const auto catalog = ReadCatalog(kSource + "/platforms/catalog");
  const auto fleet = ReadFleet(kSource + "/platforms/h100-1x8.xml", *catalog);
  const auto best = [&](const char* name) {
    const auto workload = ReadWorkload(kSource + "/workloads/finetune/" + name + ".textproto",
                                       kSource + "/workloads/models");
    return SearchStrategies(workload->jobs[0], *fleet, *catalog, 1)->front().spec.strategy;
  };
  EXPECT_EQ(best("llama3-70b-qlora").data, 8);
  EXPECT_LT(best("llama3-70b-lora").data, 8);
}

}  // namespace
}  // namespace fleetsim
