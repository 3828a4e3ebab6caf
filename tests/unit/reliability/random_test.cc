#include "sim/reliability/random.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

namespace fleetsim {
namespace {

using ::testing::DoubleNear;

TEST(RandomStream, UniformFillsTheOpenUnitInterval) {
  RandomStream random(1);
  constexpr int kDraws = 100000;
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Uniform();
    ASSERT_GT(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
    squares += x * x;
  }
  // Four standard errors.
  EXPECT_THAT(sum / kDraws, DoubleNear(0.5, 4 * std::sqrt(1.0 / 12 / kDraws)));
  EXPECT_THAT(squares / kDraws, DoubleNear(1.0 / 3, 4 * std::sqrt(4.0 / 45 / kDraws)));
}

TEST(RandomStream, NeighbouringSeedsDiffer) {
  RandomStream a(1), b(2), again(1);
  const double first = a.Uniform();
  EXPECT_NE(first, b.Uniform());
  EXPECT_EQ(first, again.Uniform());
}

// Mean m, and variance m^2 (Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1).
TEST(RandomStream, WeibullHasItsMeanAndVariance) {
  for (const double shape : {0.7, 1.0, 2.0}) {
    RandomStream random(7);
    constexpr int kDraws = 200000;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = random.Weibull(Seconds(50), shape).value();
      sum += x;
      squares += x * x;
    }
    const double gamma = std::tgamma(1 + 1 / shape);
    const double variance = 2500 * (std::tgamma(1 + 2 / shape) / (gamma * gamma) - 1);
    EXPECT_THAT(sum / kDraws, DoubleNear(50, 4 * std::sqrt(variance / kDraws))) << shape;
    EXPECT_THAT(squares / kDraws - 2500, DoubleNear(variance, 0.03 * variance)) << shape;
  }
}

// The inverse of the distribution function, and a few entries of its tables.
TEST(NormalQuantile, InvertsTheDistribution) {
  for (const double p : {1e-12, 1e-5, 0.01, 0.024, 0.03, 0.3, 0.5, 0.8, 0.99, 1 - 1e-9}) {
    EXPECT_THAT(0.5 * std::erfc(-NormalQuantile(p) / std::sqrt(2.0)), DoubleNear(p, 1e-9 * p));
  }
  EXPECT_THAT(NormalQuantile(0.975), DoubleNear(1.959963985, 1e-8));
  EXPECT_THAT(NormalQuantile(0.05), DoubleNear(-1.644853627, 1e-8));
}

}  // namespace
}  // namespace fleetsim
