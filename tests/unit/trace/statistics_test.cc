#include "sim/trace/statistics.h"

#include <gtest/gtest.h>

#include <vector>

namespace fleetsim {
namespace {

Request At(double arrival_s, std::int32_t input, std::int32_t output,
           std::vector<std::uint64_t> blocks = {}) {
  return {.arrival = Seconds(arrival_s),
          .input_tokens = input,
          .output_tokens = output,
          .hash_block_tokens = blocks.empty() ? 0 : 10,
          .block_hashes = blocks};
}

TEST(TraceCount, PercentilesByNearestRank) {
  TraceCount count;
  for (int i = 100; i >= 1; --i) count.Add(At(100 - i, i, 5));
  const TraceStatistics statistics = count.Statistics();
  EXPECT_EQ(statistics.requests, 100);
  EXPECT_DOUBLE_EQ(statistics.input.mean, 50.5);
  EXPECT_EQ(statistics.input.p50, 50);
  EXPECT_EQ(statistics.input.p90, 90);
  EXPECT_EQ(statistics.input.p99, 99);
  EXPECT_EQ(statistics.input.most, 100);
  EXPECT_EQ(statistics.output.p99, 5);
  EXPECT_DOUBLE_EQ(*statistics.rate, 1.0);
  EXPECT_NEAR(*statistics.interval_variation, 0.0, 1e-7);
  EXPECT_FALSE(statistics.prefix_share);
}

TEST(TraceCount, IntervalsOfOneAndThreeSeconds) {
  TraceCount count;
  for (const double arrival : {0.0, 1.0, 4.0, 5.0, 8.0}) count.Add(At(arrival, 1, 1));
  // Mean 2, deviation 1.
  EXPECT_DOUBLE_EQ(*count.Statistics().interval_variation, 0.5);
  EXPECT_DOUBLE_EQ(*count.Statistics().rate, 0.5);
}

TEST(TraceCount, OneRequestHasNoRate) {
  TraceCount count;
  count.Add(At(3.0, 7, 2));
  EXPECT_FALSE(count.Statistics().rate);
  EXPECT_EQ(count.Statistics().input.p50, 7);
}

TEST(TraceCount, PrefixShareCountsBlocksSeenBefore) {
  TraceCount count;
  count.Add(At(0, 25, 1, {1, 2}));
  count.Add(At(1, 25, 1, {1, 3}));     // 10 tokens
  count.Add(At(2, 50, 1, {1, 3, 4}));  // 20 tokens
  EXPECT_DOUBLE_EQ(*count.Statistics().prefix_share, 30.0 / 100.0);
}

// Thinned to a thousand ids it still estimates: of n sampled repeats the relative deviation is
// 1 / sqrt(n), here at least 500 of them.
TEST(PrefixCount, ThinnedEstimateIsNear) {
  PrefixCount exact, thinned(1000);
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t id = 0; id < 100000; ++id) {
      const Request request = At(0, 20, 1, {id});
      exact.Add(request);
      thinned.Add(request);
    }
  }
  EXPECT_DOUBLE_EQ(exact.ReusedTokens(), 1e6);
  EXPECT_NEAR(thinned.ReusedTokens() / 1e6, 1.0, 0.15);
}

}  // namespace
}  // namespace fleetsim
