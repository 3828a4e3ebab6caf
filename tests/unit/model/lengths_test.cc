#include "sim/model/lengths.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fleetsim {
namespace {

TEST(Lengths, PackingFillsRowsAndSumsSquares) {
  // Four pieces of 250 and two of 500 fill rows of 1,000 without a rest.
  const Rows rows = PackedRows(ListedLengths({250, 500}, {2, 1}), 1000);
  EXPECT_NEAR(rows.real_share, 1.0, 2e-3);
  EXPECT_EQ(rows.tokens, 1000);
  // sum of squares over sum: (2 x 250^2 + 500^2) / (2 x 250 + 500).
  EXPECT_NEAR(rows.attended, 375.0, 1.0);
  EXPECT_NEAR(rows.examples, 3.0, 0.01);
}

TEST(Lengths, WhatDoesNotFitTogetherLeavesARest) {
  const Rows rows = PackedRows(ListedLengths({600}, {1}), 1000);
  EXPECT_DOUBLE_EQ(rows.real_share, 0.6);
  EXPECT_DOUBLE_EQ(rows.examples, 1.0);
}

TEST(Lengths, LongerExamplesAreCut) {
  const Rows rows = PackedRows(ListedLengths({5000}, {1}), 1000);
  EXPECT_DOUBLE_EQ(rows.real_share, 1.0);
  EXPECT_DOUBLE_EQ(rows.attended, 1000.0);
}

TEST(Lengths, PaddingGoesToTheLongestOfTheMicroBatch) {
  const LengthDistribution lengths = ListedLengths({300, 100}, {1, 1});
  // Of two, both are short with probability 1/4.
  const Rows rows = PaddedRows(lengths, 1000, 2, 1);
  EXPECT_DOUBLE_EQ(rows.tokens, 0.25 * 100 + 0.75 * 300);
  EXPECT_DOUBLE_EQ(rows.real_share, 200.0 / 250.0);
  EXPECT_DOUBLE_EQ(rows.attended, (0.25 * 1e4 + 0.75 * 9e4) / 250.0);
  EXPECT_DOUBLE_EQ(PaddedRows(lengths, 1000, 1, 1).real_share, 1.0);
  EXPECT_DOUBLE_EQ(PaddedRows(lengths, 1000, 1, 256).tokens, (256 + 512) / 2.0);
  EXPECT_DOUBLE_EQ(PaddedRows(lengths, 400, 1, 512).tokens, 400);
}

TEST(Lengths, LargerMicroBatchesPadMore) {
  const LengthDistribution lengths = *LogNormalLengths(500, 0.95, 1500);
  double last = 1.1;
  for (int micro_batch : {1, 2, 4, 8}) {
    const double share = PaddedRows(lengths, 8192, micro_batch, 1).real_share;
    EXPECT_LT(share, last);
    last = share;
  }
}

TEST(Lengths, LogNormalHasTheMeanAndThePercentile) {
  const LengthDistribution lengths = *LogNormalLengths(500, 0.95, 1500);
  double mean = 0.0, below = 0.0;
  for (size_t i = 0; i < lengths.tokens.size(); ++i) {
    mean += lengths.tokens[i] * lengths.weights[i];
    if (lengths.tokens[i] <= 1500) below += lengths.weights[i];
  }
  EXPECT_NEAR(mean, 500, 5);
  EXPECT_NEAR(below, 0.95, 1e-3);
}

TEST(Lengths, NotEveryPairOfNumbersIsALogNormal) {
  // ln(value / mean) must be below z^2 / 2, 1.353 for the 95th percentile: a ratio of 3.87.
  EXPECT_TRUE(LogNormalLengths(500, 0.95, 500 * 3.8).has_value());
  EXPECT_FALSE(LogNormalLengths(500, 0.95, 500 * 3.95).has_value());
}

}  // namespace
}  // namespace fleetsim
