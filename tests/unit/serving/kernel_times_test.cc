#include "sim/serving/kernel_times.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace fleetsim
