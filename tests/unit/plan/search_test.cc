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
Question Ask(const std::string& platform) {
  Question question;
  question.catalog = *ReadCatalog(kSource + "/platforms/catalog");
  question.workload = *ReadWorkload(kSource + "/workloads/pretrain/llama3-70b.textproto",
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

TEST(Search, SaysWhatIsMissingWhereNothingFits) {
  const Question question = Ask("h100-1x8.xml");
  const auto candidates =
      SearchStrategies(question.workload.jobs[0], question.fleet, question.catalog, 3);
  EXPECT_EQ(candidates.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(candidates.status().message()), HasSubstr("does not fit"));
}

}  // namespace
}  // namespace fleetsim
