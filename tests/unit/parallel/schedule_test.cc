#include "sim/parallel/schedule.h"

#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;

// "F0 F1 B0 ...": forward or backward, micro-batch, and the chunk where there are several.
std::vector<std::string> Spell(const std::vector<Pass>& order, bool chunks) {
  std::vector<std::string> words;
  for (const Pass& pass : order) {
    std::string word = (pass.backward ? "B" : "F") + std::to_string(pass.micro_batch);
    if (chunks) word += static_cast<char>('a' + pass.virtual_stage);
    words.push_back(word);
  }
  return words;
}

TEST(Schedule, PlainIsOneForwardOneBackward) {
  // Narayanan et al. 2021, Fig. 4: first and last of four stages.
  EXPECT_THAT(Spell(PipelineOrder(0, 4, 1, 5), false),
              ElementsAre("F0", "F1", "F2", "F3", "B0", "F4", "B1", "B2", "B3", "B4"));
  EXPECT_THAT(Spell(PipelineOrder(3, 4, 1, 3), false),
              ElementsAre("F0", "B0", "F1", "B1", "F2", "B2"));
}

TEST(Schedule, InterleavedLastStageOfTwo) {
  // Two stages, two chunks a stage, four micro-batches: (v - 1) p = 2 warm-up passes.
  EXPECT_THAT(Spell(PipelineOrder(1, 2, 2, 4), true),
              ElementsAre("F0a", "F1a", "F0b", "B0b", "F1b", "B1b", "F2a", "B0a", "F3a", "B1a",
                          "F2b", "B2b", "F3b", "B3b", "B2a", "B3a"));
}

TEST(Schedule, EveryPassOnceAndBackwardAfterForward) {
  for (int pipeline : {1, 2, 3, 8}) {
    for (int chunks : {1, 2, 5}) {
      for (int micro_batches : {1, 3, 8, 13}) {
        for (int stage = 0; stage < pipeline; ++stage) {
          std::set<std::pair<int, int>> forward, backward;
          for (const Pass& pass : PipelineOrder(stage, pipeline, chunks, micro_batches)) {
            const std::pair<int, int> key{pass.virtual_stage, pass.micro_batch};
            if (pass.backward) {
              EXPECT_TRUE(forward.count(key));
              EXPECT_TRUE(backward.insert(key).second);
            } else {
              EXPECT_TRUE(forward.insert(key).second);
            }
          }
          EXPECT_EQ(backward.size(), static_cast<size_t>(chunks) * micro_batches);
        }
      }
    }
  }
}

TEST(Schedule, PeakInFlightIsPublished) {
  // 1F1B: min(p - stage, m) micro-batches.
  EXPECT_EQ(PeakInFlight(PipelineOrder(0, 4, 1, 16)), 4);
  EXPECT_EQ(PeakInFlight(PipelineOrder(3, 4, 1, 16)), 1);
  EXPECT_EQ(PeakInFlight(PipelineOrder(0, 4, 1, 2)), 2);
  // Interleaved: p (1 + (p - 1) / (p v)) micro-batches' worth of a stage (Korthikanti et al. 2022,
  // 4.2.3) is (p v + p - 1) chunks; the schedule's forward of the steady state adds the p-th.
  EXPECT_EQ(PeakInFlight(PipelineOrder(0, 4, 2, 16)), 4 * 2 + 4 - 1);
}

TEST(Schedule, EvenChunks) {
  EXPECT_THAT(EvenChunks(96, 8), ElementsAre(12, 12, 12, 12, 12, 12, 12, 12));
  // Llama 3.1 405B: 126 layers over 16 stages of 8 have one less in the first and last
  // (Llama team 2024, section 3.3.2).
  const std::vector<int> llama = EvenChunks(126, 16);
  EXPECT_EQ(llama.front(), 7);
  EXPECT_EQ(llama.back(), 7);
  EXPECT_EQ(std::accumulate(llama.begin(), llama.end(), 0), 126);
  EXPECT_THAT(EvenChunks(5, 2), ElementsAre(3, 2));
}

}  // namespace
}  // namespace fleetsim
