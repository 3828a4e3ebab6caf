#include "sim/serving/kernel_times.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fleetsim {
namespace {

TEST(TokenTable, WholeNumbersUpTo256AreExactWhateverTheFunction) {
  const auto steps = [](double tokens) {
    KernelTimes times;
    times.matrix = Seconds(static_cast<int>(tokens) % 7);
    return times;
  };
  const TokenTable table(1000, steps);
  for (int tokens = 1; tokens <= 256; ++tokens) {
    EXPECT_EQ(table.At(tokens).matrix, Seconds(tokens % 7)) << tokens;
  }
}

TEST(TokenTable, StraightLinesAreKeptBetweenAndBeyondThePlaces) {
  const TokenTable table(5000, [](double tokens) {
    return KernelTimes{Seconds(2 + tokens), Seconds(3 * tokens), Seconds(1),
                       Seconds(4 * tokens), Seconds(tokens),     Seconds(5)};
  });
  for (const double tokens : {1.5, 255.25, 257.0, 300.3, 511.9, 512.0, 4999.0, 70000.0}) {
    const KernelTimes times = table.At(tokens);
    EXPECT_NEAR(times.matrix.value(), 2 + tokens, 1e-9 * tokens) << tokens;
    EXPECT_NEAR(times.attention.value(), 3 * tokens, 1e-9 * tokens) << tokens;
    EXPECT_NEAR(times.memory.value(), 1, 1e-9) << tokens;
    EXPECT_NEAR(times.communication.value(), 4 * tokens, 1e-9 * tokens) << tokens;
    EXPECT_NEAR(times.reading.value(), 5, 1e-9) << tokens;
  }
}

TEST(TokenTable, NothingTakesNoTime) {
  EXPECT_EQ(TokenTable().At(5).Total(), Seconds(0));
  const TokenTable table(10, [](double) { return KernelTimes{Seconds(1)}; });
  EXPECT_EQ(table.At(0).Total(), Seconds(0));
}

KernelTimes Mixed(double bound_s, double other_s) {
  KernelTimes times;
  times.AddMatrix({.time = Seconds(bound_s), .arithmetic = Seconds(bound_s)});
  times.memory = Seconds(other_s);
  return times;
}

// Products alone run at the settled clock; beside three times as long a stream the board has room:
// 0.25 / 0.8^3 + 0.7 x 0.75 = 1.01, so c^3 = 0.8^3 x 0.475 / 0.25.
TEST(KernelTimes, ClocksFallByThePowerOfTheStep) {
  KernelTimes alone = Mixed(1, 0);
  alone.Settle(0.8);
  EXPECT_NEAR(alone.matrix.value(), 1 / 0.8, 1e-12);
  KernelTimes mixed = Mixed(1, 3);
  mixed.Settle(0.8);
  EXPECT_NEAR(mixed.matrix.value(), 1 / (0.8 * std::cbrt(0.475 / 0.25)), 1e-12);
  EXPECT_EQ(mixed.memory, Seconds(3));
  KernelTimes light = Mixed(1, 9);
  light.Settle(0.8);
  EXPECT_EQ(light.matrix, Seconds(1));
}

}  // namespace
}  // namespace fleetsim
