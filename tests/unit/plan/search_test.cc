#include "sim/plan/search.h"

#include <string>

#include "gmock/gmock.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/workload_reader.h"
#include "sim/platform/read.h"
#include "sim/training/fit.h"
#include "sim/training/step.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

const std::string kSource = FLEETSIM_SOURCE_DIR;

struct Question {
  Catalog catalog;
  Workload workload;
  Fleet fleet;
};

// llama3-70b.textproto leaves the strategy open.
Question Ask(const std::string& platform, const std::string& workload = "llama3-70b") {
  Question question;
  question.catalog = *ReadCatalog(kSource + "/platforms/catalog");
  question.workload = *ReadWorkload(kSource + "/workloads/pretrain/" + workload + ".textproto",
                                    kSource + "/workloads/models");
  question.fleet = *ReadFleet(kSource + "/platforms/" + platform, question.catalog);
  return question;
}

TEST(Search, CandidatesFitAndComeFastestFirst) {
  const Question question = Ask("h20-1k-roce.xml");
  const auto candidates =
      SearchStrategies(question.workload.jobs[0], question.fleet, question.catalog, 5);
  ASSERT_TRUE(candidates.ok()) << candidates.status();
  ASSERT_EQ(candidates->size(), 5u);
  Seconds last;
  for (const Candidate& candidate : *candidates) {
    EXPECT_LE(MemoryOf(candidate.spec).Total(),
              question.fleet.leaves[0].accelerator->UsableMemory());
    EXPECT_EQ(candidate.spec.GlobalBatch(), 1024);
    EXPECT_GE(candidate.estimate, last);
    last = candidate.estimate;
  }
}

TEST(Search, EstimateIsNearTheSimulation) {
  // What the closed form leaves out: contention, transfers between stages beside compute.
  const Question question = Ask("h20-1k-roce.xml");
  const auto candidates =
      SearchStrategies(question.workload.jobs[0], question.fleet, question.catalog, 3);
  ASSERT_TRUE(candidates.ok());
  const auto simulation = Simulation::Load(question.fleet);
  ASSERT_TRUE(simulation.ok());
  for (const Candidate& candidate : *candidates) {
    const auto step =
        SimulateStep(candidate.spec, question.fleet, question.catalog, {}, **simulation);
    ASSERT_TRUE(step.ok()) << step.status();
    EXPECT_NEAR(candidate.estimate / step->duration, 1.0, 0.1);
  }
}

TEST(Search, SmallestMemoryOfAMixedFleetIsTheLimit) {
  const Question question = Ask("mixed-h20-910b.xml");
  const auto candidates =
      SearchStrategies(question.workload.jobs[0], question.fleet, question.catalog, 3);
  ASSERT_TRUE(candidates.ok());
  for (const Candidate& candidate : *candidates) {
    EXPECT_LE(MemoryOf(candidate.spec).Total(), Bytes(66e9));  // the 910B's 64 GiB at most
  }
}

// 12 bytes a parameter of 70.6 billion are 847 GB: beside them 8 x 80 GB would be too little, in
// the server's 2 TB there is room.
TEST(Search, OptimizerGoesToTheHostWhereNothingElseFits) {
  const Question question = Ask("h100-1x8.xml");
  const auto candidates =
      SearchStrategies(question.workload.jobs[0], question.fleet, question.catalog, 3);
  ASSERT_TRUE(candidates.ok()) << candidates.status();
  for (const Candidate& candidate : *candidates) {
    EXPECT_EQ(candidate.spec.strategy.optimizer_offload, 1.0);
  }
  Question small = question;
  Server server = *question.fleet.leaves[0].server;
  server.host_memory = Bytes(800e9);
  small.fleet.leaves[0].server = &server;
  EXPECT_FALSE(SearchStrategies(small.workload.jobs[0], small.fleet, small.catalog, 1).ok());
}

TEST(Search, SaysWhatIsMissingWhereNothingFits) {
  Question question = Ask("h100-1x8.xml", "llama3.1-405b");
  question.workload.jobs[0].pretrain.parallelism.reset();
  const auto candidates =
      SearchStrategies(question.workload.jobs[0], question.fleet, question.catalog, 3);
  EXPECT_EQ(candidates.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(candidates.status().message()), HasSubstr("does not fit"));
}

}  // namespace
}  // namespace fleetsim
