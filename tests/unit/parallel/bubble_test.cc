// What the schedules are known for: idle time and activations held, from a rank-by-rank replay of
// their orders with passes of given length and free transfers.
#include <algorithm>
#include <map>
#include <tuple>

#include "gtest/gtest.h"
#include "sim/parallel/schedule.h"

namespace fleetsim {
namespace {

struct Lengths {
  double forward, input, weight;  // of one chunk
};

double LengthOf(const Pass& pass, const Lengths& lengths) {
  if (!pass.backward) return lengths.forward;
  if (pass.gradients == Gradients::kInput) return lengths.input;
  if (pass.gradients == Gradients::kWeight) return lengths.weight;
  return lengths.input + lengths.weight;
}

// End of the last pass of all ranks, less what a rank works.
double Bubble(const Strategy& strategy, const Lengths& lengths) {
  const int pipeline = strategy.pipeline;
  const int chunks = pipeline * strategy.virtual_stages;
  std::vector<std::vector<Pass>> orders;
  for (int stage = 0; stage < pipeline; ++stage) orders.push_back(PipelineOrder(strategy, stage));
  std::vector<size_t> next(pipeline, 0);
  std::vector<double> now(pipeline, 0.0);
  std::map<std::tuple<bool, int, int>, double> done;  // backward, chunk, micro-batch
  bool progress = true;
  while (progress) {
    progress = false;
    for (int stage = 0; stage < pipeline; ++stage) {
      while (next[stage] < orders[stage].size()) {
        const Pass& pass = orders[stage][next[stage]];
        const int chunk = strategy.ChunkOf(stage, pass.virtual_stage);
        const int before = pass.backward ? chunk + 1 : chunk - 1;
        double ready = 0.0;
        if (pass.gradients != Gradients::kWeight && before >= 0 && before < chunks) {
          const auto found = done.find({pass.backward, before, pass.micro_batch});
          if (found == done.end()) break;
          ready = found->second;
        }
        now[stage] = std::max(now[stage], ready) + LengthOf(pass, lengths);
        if (pass.gradients != Gradients::kWeight) {
          done[{pass.backward, chunk, pass.micro_batch}] = now[stage];
        }
        ++next[stage];
        progress = true;
      }
    }
  }
  for (int stage = 0; stage < pipeline; ++stage) EXPECT_EQ(next[stage], orders[stage].size());
  const double work = (lengths.forward + lengths.input + lengths.weight) * strategy.micro_batches *
                      strategy.virtual_stages;
  return *std::max_element(now.begin(), now.end()) - work;
}

int MostInFlight(const Strategy& strategy) {
  int most = 0;
  for (int stage = 0; stage < strategy.pipeline; ++stage) {
    most = std::max(most, PeakInFlight(PipelineOrder(strategy, stage)));
  }
  return most;
}

constexpr Lengths kLengths[] = {{1.0, 1.0, 1.0}, {1.0, 1.25, 0.75}, {2.0, 2.5, 2.0}};

// Narayanan et al. 2019 and 2021, section 2.2: (p - 1)(F + B), divided by the chunks of a rank.
TEST(Bubble, OneForwardOneBackward) {
  for (const int pipeline : {2, 4, 8}) {
    for (const Lengths& lengths : kLengths) {
      const double pass = lengths.forward + lengths.input + lengths.weight;
      Strategy strategy{.pipeline = pipeline, .micro_batches = 4 * pipeline};
      EXPECT_NEAR(Bubble(strategy, lengths), (pipeline - 1) * pass, 1e-9);
      EXPECT_EQ(MostInFlight(strategy), pipeline);
      // Four chunks, each a quarter as long.
      strategy.virtual_stages = 4;
      const Lengths quarter{lengths.forward / 4, lengths.input / 4, lengths.weight / 4};
      EXPECT_NEAR(Bubble(strategy, quarter), (pipeline - 1) * pass / 4, 1e-9);
    }
  }
}

// The same bubble, all activations at once (Huang et al. 2018).
TEST(Bubble, Gpipe) {
  for (const int pipeline : {2, 4, 8}) {
    for (const Lengths& lengths : kLengths) {
      const Strategy strategy{
          .pipeline = pipeline, .micro_batches = 3 * pipeline, .schedule = Schedule::kGpipe};
      EXPECT_NEAR(Bubble(strategy, lengths),
                  (pipeline - 1) * (lengths.forward + lengths.input + lengths.weight), 1e-9);
      EXPECT_EQ(MostInFlight(strategy), 3 * pipeline);
    }
  }
}

// Qi et al. 2023, table 1: (p - 1)(F + B - W), with the activations of 1F1B.
TEST(Bubble, ZeroBubbleH1) {
  for (const int pipeline : {2, 4, 8}) {
    for (const int micro_batches : {pipeline, 2 * pipeline, 5 * pipeline + 3}) {
      for (const Lengths& lengths : kLengths) {
        const Strategy strategy{.pipeline = pipeline,
                                .micro_batches = micro_batches,
                                .schedule = Schedule::kZeroBubbleH1};
        EXPECT_NEAR(Bubble(strategy, lengths),
                    (pipeline - 1) * (lengths.forward + lengths.input - lengths.weight), 1e-9);
        EXPECT_EQ(MostInFlight(strategy), pipeline);
      }
    }
  }
}

TEST(Bubble, ZeroBubbleSplitsEveryBackwardPass) {
  const Strategy strategy{.pipeline = 4, .micro_batches = 3, .schedule = Schedule::kZeroBubbleH1};
  for (int stage = 0; stage < 4; ++stage) {
    std::map<Gradients, int> passes;
    std::vector<int> released;
    for (const Pass& pass : PipelineOrder(strategy, stage)) {
      if (pass.backward) ++passes[pass.gradients];
      if (pass.Releases()) released.push_back(pass.micro_batch);
    }
    EXPECT_EQ(passes, (std::map<Gradients, int>{{Gradients::kInput, 3}, {Gradients::kWeight, 3}}));
    EXPECT_EQ(released, (std::vector<int>{0, 1, 2}));
  }
}

}  // namespace
}  // namespace fleetsim
