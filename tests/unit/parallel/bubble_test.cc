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

struct Idle {
  double all = 0;   // end of the last pass of all ranks, less what a rank works
  double rank = 0;  // the same from a rank's own first pass to its last, of the rank that has most
};

Idle IdleTimes(const Strategy& strategy, const Lengths& lengths) {
  const int pipeline = strategy.pipeline;
  const int chunks = pipeline * strategy.virtual_stages;
  std::vector<std::vector<Pass>> orders;
  for (int stage = 0; stage < pipeline; ++stage) orders.push_back(PipelineOrder(strategy, stage));
  std::vector<size_t> next(pipeline, 0);
  std::vector<double> now(pipeline, 0.0), first(pipeline, -1.0);
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
        // The loss turns the forward pass of the last chunk into its backward pass.
        if (pass.backward && pass.gradients != Gradients::kWeight && before == chunks) {
          const auto found = done.find({false, chunk, pass.micro_batch});
          if (found == done.end()) break;
          ready = found->second;
        }
        if (pass.gradients != Gradients::kWeight && before >= 0 && before < chunks) {
          const auto found = done.find({pass.backward, before, pass.micro_batch});
          if (found == done.end()) break;
          ready = found->second;
        }
        const double start = std::max(now[stage], ready);
        if (first[stage] < 0.0) first[stage] = start;
        now[stage] = start + LengthOf(pass, lengths);
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
  Idle idle{.all = *std::max_element(now.begin(), now.end()) - work};
  for (int stage = 0; stage < pipeline; ++stage) {
    idle.rank = std::max(idle.rank, now[stage] - first[stage] - work);
  }
  return idle;
}

double Bubble(const Strategy& strategy, const Lengths& lengths) {
  return IdleTimes(strategy, lengths).all;
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

Strategy VStrategy(int pipeline, int micro_batches) {
  return {.pipeline = pipeline,
          .virtual_stages = 2,
          .micro_batches = micro_batches,
          .schedule = Schedule::kZeroBubbleV};
}

// Qi et al. 2023, section 6: with passes of equal length no rank waits once it has started, from
// 2 p - 1 micro-batches on, at the activations of 1F1B: of p micro-batches through both chunks. The
// last rank cannot start before its first micro-batch gets there.
TEST(Bubble, ZeroBubbleV) {
  for (const int pipeline : {2, 4, 8, 16}) {
    for (const int micro_batches : {2 * pipeline - 1, 2 * pipeline, 5 * pipeline + 3}) {
      const Strategy strategy = VStrategy(pipeline, micro_batches);
      const Idle idle = IdleTimes(strategy, {1.0, 1.0, 1.0});
      EXPECT_NEAR(idle.rank, 0.0, 1e-9);
      EXPECT_NEAR(idle.all, pipeline - 1, 1e-9);
      EXPECT_EQ(MostInFlight(strategy), 2 * pipeline);
    }
  }
}

// The same micro-batches on the same ranks in chunks of half the length: less idle than ZB-H1 at
// the same memory, at best the way of the first micro-batch to the last rank.
TEST(Bubble, ZeroBubbleVIsShorterThanH1) {
  for (const int pipeline : {2, 4, 8}) {
    for (const int micro_batches : {2 * pipeline - 1, 4 * pipeline}) {
      for (const Lengths& lengths : kLengths) {
        const Lengths half{lengths.forward / 2, lengths.input / 2, lengths.weight / 2};
        const double bubble = Bubble(VStrategy(pipeline, micro_batches), half);
        const Strategy straight{.pipeline = pipeline,
                                .micro_batches = micro_batches,
                                .schedule = Schedule::kZeroBubbleH1};
        EXPECT_LT(bubble, Bubble(straight, lengths));
        EXPECT_GE(bubble, (pipeline - 1) * half.forward - 1e-9);
      }
    }
  }
}

TEST(Bubble, ZeroBubbleVRunsEveryPassOnce) {
  for (const int pipeline : {2, 3, 8}) {
    for (const int micro_batches : {1, pipeline, 2 * pipeline - 1, 4 * pipeline + 1}) {
      for (int rank = 0; rank < pipeline; ++rank) {
        std::map<std::tuple<bool, Gradients, int, int>, int> passes;
        for (const Pass& pass : PipelineOrder(VStrategy(pipeline, micro_batches), rank)) {
          ++passes[{pass.backward, pass.gradients, pass.virtual_stage, pass.micro_batch}];
        }
        EXPECT_EQ(passes.size(), 3u * 2 * micro_batches);
        for (const auto& [pass, count] : passes) EXPECT_EQ(count, 1);
      }
      // No rank waits for ever, either: the replay checks that all passes are done.
      EXPECT_GT(Bubble(VStrategy(pipeline, micro_batches), {1.0, 1.0, 1.0}), 0.0);
    }
  }
}

// There and back: both ends of the model on the first rank.
TEST(Bubble, ChunksOfAV) {
  const Strategy strategy = VStrategy(4, 8);
  for (int chunk = 0; chunk < 8; ++chunk) {
    const int rank = chunk < 4 ? chunk : 7 - chunk;
    EXPECT_EQ(strategy.StageOf(chunk), rank);
    EXPECT_EQ(strategy.ChunkOf(rank, chunk / 4), chunk);
  }
  EXPECT_EQ(strategy.HeadStage(), 0);
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
