// Search over expert parallelism, ZeRO stages and offload.
#include <algorithm>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/workload_reader.h"
#include "sim/plan/estimate.h"
#include "sim/plan/requests.h"
#include "sim/plan/search.h"
#include "sim/platform/read.h"
#include "sim/training/fit.h"
#include "sim/training/resolve.h"
#include "sim/training/step.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kSource = FLEETSIM_SOURCE_DIR;

struct Question {
  Catalog catalog = *ReadCatalog(kSource + "/platforms/catalog");
  Job job;
  Fleet fleet;
};

// DeepSeek-V3 as its report trained it, without the strategy that it states.
Question DeepSeek(const std::string& platform) {
  Question question;
  question.job = ReadWorkload(kSource + "/workloads/pretrain/deepseek-v3.textproto",
                              kSource + "/workloads/models")
                     ->jobs[0];
  question.job.pretrain.parallelism.reset();
  question.fleet = *ReadFleet(kSource + "/platforms/" + platform, question.catalog);
  return question;
}

// A small mixture of experts on `hosts` servers of eight H100.
Question Small(int hosts, const std::string& stack) {
  Question question;
  question.job.id = "small";
  PretrainJob& job = question.job.pretrain;
  job.model = {.name = "small",
               .layers = 4,
               .hidden = 2048,
               .heads = 16,
               .kv_heads = 16,
               .head_dim = 128,
               .ffn = 4096,
               .vocab = 32000};
  job.model.experts = Experts{.experts = 8, .per_token = 2, .ffn = 2048};
  job.model.gated_ffn = true;
  job.sequence_length = 4096;
  job.global_batch = 32;
  job.stack = stack;
  const std::string path = testing::TempDir() + "small.xml";
  std::ofstream(path) << "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM "
                         "\"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\">\n"
                         "<zone id=\"small\" routing=\"Floyd\"><prop id=\"region\" value=\"us\"/>\n"
                         "<cluster id=\"leaf0\" prefix=\"h\" radical=\"0-"
                      << hosts - 1
                      << "\" suffix=\"\" router_id=\"s\" speed=\"989Tf\" core=\"8\" bw=\"400GBps\" "
                         "lat=\"1.4us\" sharing_policy=\"SPLITDUPLEX\" loopback_bw=\"450GBps\" "
                         "loopback_lat=\"5us\">\n<prop id=\"accelerator\" "
                         "value=\"nvidia-h100-sxm-80gb\"/><prop id=\"server\" value=\"hgx-h100\"/>"
                         "<prop id=\"fabric\" value=\"infiniband-ndr\"/><prop id=\"nics\" "
                         "value=\"8\"/>\n</cluster></zone></platform>\n";
  question.fleet = *ReadFleet(path, question.catalog);
  return question;
}

TEST(ExpertSearch, DeepSeekV3IsSplitByExperts) {
  const Question question = DeepSeek("h800-2k-ndr.xml");
  const auto candidates =
      SearchStrategies(question.job, question.fleet, question.catalog, kShortList);
  ASSERT_TRUE(candidates.ok()) << candidates.status();
  for (const Candidate& candidate : *candidates) {
    EXPECT_GT(candidate.spec.strategy.expert, 1);
    EXPECT_LE(MemoryOf(candidate.spec).Total(),
              question.fleet.leaves[0].accelerator->UsableMemory());
  }
}

// The report's own strategy is in the space. What the closed form leaves out is contention and
// transfers between stages beside compute.
TEST(ExpertSearch, IsNotSlowerThanThePublishedStrategyAndAsEstimated) {
  const Question question = DeepSeek("h800-2k-ndr.xml");
  const auto candidates = SearchStrategies(question.job, question.fleet, question.catalog, 1);
  ASSERT_TRUE(candidates.ok()) << candidates.status();
  ParallelismRequest published{.pipeline = 16, .data = 128};
  published.expert = 64;
  published.dual_pipe = true;
  const auto spec = Resolve(question.job, published, question.fleet, question.catalog);
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto simulation = Simulation::Load(question.fleet);
  ASSERT_TRUE(simulation.ok());
  const auto duration = [&](const TrainingSpec& of) {
    const auto step = SimulateStep(of, question.fleet, question.catalog, {}, **simulation);
    EXPECT_TRUE(step.ok()) << step.status();
    return step->duration;
  };
  const Seconds found = duration(candidates->front().spec);
  EXPECT_LE(found, duration(*spec));
  EXPECT_NEAR(candidates->front().estimate / found, 1.0, 0.15);
}

// Every strategy by hand: all degrees whose product is the fleet.
std::vector<ParallelismRequest> ByHand(const Question& question, int accelerators) {
  std::vector<ParallelismRequest> requests;
  for (int tensor : {1, 2, 4, 8}) {
    for (int pipeline : {1, 2, 4}) {
      for (int micro_batch : {1, 2, 4}) {
        for (int expert : {1, 2, 4, 8}) {
          for (int zero_stage :
               StackZeroStages(**FindStack(question.catalog, question.job.pretrain.stack))) {
            if (accelerators % (tensor * pipeline) != 0) continue;
            ParallelismRequest request{.tensor = tensor,
                                       .pipeline = pipeline,
                                       .micro_batch = micro_batch,
                                       .data = accelerators / (tensor * pipeline),
                                       .zero_stage = zero_stage};
            request.expert = expert;
            request.expert_tensor = 1;
            requests.push_back(request);
            if (pipeline == 1) continue;
            request.virtual_stages = 4 / pipeline;
            requests.push_back(request);
          }
        }
      }
    }
  }
  return requests;
}

struct Case {
  const char* stack;
  int hosts;
};

class SmallSpace : public ::testing::TestWithParam<Case> {};

TEST_P(SmallSpace, NoStrategyByHandIsFaster) {
  const Question question = Small(GetParam().hosts, GetParam().stack);
  const auto candidates =
      SearchStrategies(question.job, question.fleet, question.catalog, kShortList);
  ASSERT_TRUE(candidates.ok()) << candidates.status();
  const auto simulation = Simulation::Load(question.fleet);
  ASSERT_TRUE(simulation.ok());
  Seconds best(1e9);
  for (const Candidate& candidate : *candidates) {
    const auto step =
        SimulateStep(candidate.spec, question.fleet, question.catalog, {}, **simulation);
    ASSERT_TRUE(step.ok()) << step.status();
    best = Min(best, step->duration);
  }
  int simulated = 0;
  for (const ParallelismRequest& request : ByHand(question, 8 * GetParam().hosts)) {
    const auto spec = Resolve(question.job, request, question.fleet, question.catalog);
    if (!spec.ok()) continue;
    const auto step = SimulateStep(*spec, question.fleet, question.catalog, {}, **simulation);
    if (!step.ok()) continue;  // does not fit
    ++simulated;
    EXPECT_GE(step->duration, best * (1 - 1e-9))
        << "tensor " << request.tensor << " pipeline " << request.pipeline << " chunks "
        << request.virtual_stages << " micro-batch " << request.micro_batch << " expert "
        << request.expert << " ZeRO " << *request.zero_stage;
  }
  EXPECT_GE(simulated, 40);
}

INSTANTIATE_TEST_SUITE_P(All, SmallSpace,
                         ::testing::Values(Case{"megatron-core-2024", 1},
                                           Case{"megatron-core-2024", 2}, Case{"fsdp-2024", 2}),
                         [](const auto& test) {
                           std::string name = test.param.stack + std::string("_") +
                                              std::to_string(test.param.hosts);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ExpertSearch, StagesAreThoseThatAStackRuns) {
  const auto stages = [](int of, bool regathers) {
    SoftwareStack stack;
    stack.default_zero_stage = of;
    stack.regathers_weights = regathers;
    return StackZeroStages(stack);
  };
  EXPECT_THAT(stages(0, false), ElementsAre(0, 1));
  EXPECT_THAT(stages(1, false), ElementsAre(1));
  EXPECT_THAT(stages(3, false), ElementsAre(1, 2, 3));
  EXPECT_THAT(stages(3, true), ElementsAre(2, 3));
}

// 671 billion parameters on eight accelerators: nothing helps, and the message says so.
TEST(ExpertSearch, SaysThatNoChangeFits) {
  const Question question = DeepSeek("h800-1x8.xml");
  const auto candidates = SearchStrategies(question.job, question.fleet, question.catalog, 1);
  EXPECT_EQ(candidates.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(candidates.status().message()),
              HasSubstr("no recomputation, ZeRO stage or offload fits on this fleet"));
}

// Sequences so long that their activations fit only as the layers' inputs.
TEST(ExpertSearch, NamesTheNearestChange) {
  Question question = Small(1, "megatron-core-2024");
  question.job.pretrain.model.vocab = 1024;
  question.job.pretrain.sequence_length = 3 << 20;
  question.job.pretrain.global_batch = 1;
  const auto candidates = SearchStrategies(question.job, question.fleet, question.catalog, 1);
  EXPECT_EQ(candidates.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(candidates.status().message()),
              HasSubstr("smallest change that fits: recompute FULL, as with tensor"));
}

}  // namespace
}  // namespace fleetsim
