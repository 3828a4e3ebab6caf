#include "sim/trace/synthetic_traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "sim/trace/statistics.h"

namespace fleetsim {
namespace {

constexpr int kDraws = 200000;

struct Moments {
  double mean = 0.0, variance = 0.0;
};

Moments MomentsOf(const std::function<double()>& draw) {
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

// Deviation of a mean of kDraws: five of them are far beyond chance.
double Tolerance(double variance) { return 5.0 * std::sqrt(variance / kDraws); }

// std::mt19937_64's ten thousandth number is 9981545732273789042 (C++ standard, [rand.predef]),
// with the default seed 5489; our numbers are its upper 53 bits.
TEST(Random, IsTheStandardsGenerator) {
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15ULL;
  Random random(5489ULL ^ kSpread, 0);
  double last = 0.0;
  for (int i = 0; i < 10000; ++i) last = random.Uniform();
  EXPECT_EQ(last, (static_cast<double>(9981545732273789042ULL >> 11) + 0.5) / 9007199254740992.0);
}

TEST(Random, Moments) {
  Random random(1, 0);
  const Moments uniform = MomentsOf([&] { return random.Uniform(); });
  EXPECT_NEAR(uniform.mean, 0.5, Tolerance(1.0 / 12));
  EXPECT_NEAR(uniform.variance, 1.0 / 12, 0.002);
  const Moments exponential = MomentsOf([&] { return random.Exponential(); });
  EXPECT_NEAR(exponential.mean, 1.0, Tolerance(1.0));
  EXPECT_NEAR(exponential.variance, 1.0, 0.04);
  const Moments normal = MomentsOf([&] { return random.Normal(); });
  EXPECT_NEAR(normal.mean, 0.0, Tolerance(1.0));
  EXPECT_NEAR(normal.variance, 1.0, 0.02);
}

TEST(Random, GammaHasMeanAndVarianceOfItsShape) {
  Random random(2, 0);
  for (const double shape : {0.1, 0.5, 1.0, 4.0, 25.0}) {
    const Moments gamma = MomentsOf([&] { return random.Gamma(shape); });
    EXPECT_NEAR(gamma.mean, shape, Tolerance(shape)) << shape;
    // The fourth central moment is 3 shape (shape + 2).
    const double fourth = 3 * shape * (shape + 2);
    EXPECT_NEAR(gamma.variance, shape, Tolerance(fourth - shape * shape)) << shape;
  }
}

// Mean and squared coefficient of variation of the intervals.
Moments Intervals(const Arrivals& arrivals) {
  ArrivalProcess process(arrivals, 3);
  double last = 0.0;
  const Moments of = MomentsOf([&] {
    const double now = process.Next().value();
    const double interval = now - last;
    EXPECT_GE(interval, 0.0);
    last = now;
    return interval;
  });
  return {of.mean, of.variance / (of.mean * of.mean)};
}

TEST(Arrivals, RateAndBurstiness) {
  const Moments constant = Intervals({.kind = ArrivalKind::kConstant, .rate_per_s = 8.0});
  EXPECT_NEAR(constant.mean, 0.125, 1e-12);
  EXPECT_NEAR(constant.variance, 0.0, 1e-6);
  const Moments poisson = Intervals({.kind = ArrivalKind::kPoisson, .rate_per_s = 8.0});
  EXPECT_NEAR(poisson.mean, 0.125, 0.125 * Tolerance(1.0));
  EXPECT_NEAR(poisson.variance, 1.0, 0.04);
  for (const double variation : {0.3, 1.0, 2.5}) {
    const Moments gamma =
        Intervals({.kind = ArrivalKind::kGamma, .rate_per_s = 8.0, .variation = variation});
    EXPECT_NEAR(gamma.mean, 0.125, 0.125 * Tolerance(variation * variation)) << variation;
    EXPECT_NEAR(gamma.variance / (variation * variation), 1.0, 0.06) << variation;
  }
}

// Kuczura 1973: the intervals are independent with squared coefficient of variation
// 1 + 2 l g / (g + w)^2 for arrivals at rate l while on, which ends at rate g and comes at rate w.
TEST(Arrivals, OnOffIsAnInterruptedPoissonProcess) {
  const Arrivals arrivals{
      .kind = ArrivalKind::kOnOff, .rate_per_s = 2.0, .on = Seconds(4.0), .off = Seconds(6.0)};
  const double l = 2.0 * 10.0 / 4.0, g = 1.0 / 4.0, w = 1.0 / 6.0;
  const double square = 1.0 + 2.0 * l * g / ((g + w) * (g + w));
  const Moments of = Intervals(arrivals);
  EXPECT_NEAR(of.mean, 0.5, 0.5 * Tolerance(square));
  EXPECT_NEAR(of.variance / square, 1.0, 0.05);
}

TEST(Arrivals, OnOffThatIsNeverOffIsPoisson) {
  const Moments of =
      Intervals({.kind = ArrivalKind::kOnOff, .rate_per_s = 2.0, .on = Seconds(1.0)});
  EXPECT_NEAR(of.mean, 0.5, 0.5 * Tolerance(1.0));
  EXPECT_NEAR(of.variance, 1.0, 0.04);
}

TEST(TokenLengths, Uniform) {
  Random random(4, 0);
  const TokenLengths lengths = TokenLengths::Around(1000, 0.25);
  std::int32_t least = 1 << 30, most = 0;
  const Moments of = MomentsOf([&] {
    const std::int32_t tokens = lengths.Draw(random);
    least = std::min(least, tokens);
    most = std::max(most, tokens);
    return static_cast<double>(tokens);
  });
  EXPECT_EQ(least, 750);
  EXPECT_EQ(most, 1250);
  const double variance = (501.0 * 501.0 - 1.0) / 12.0;  // of 501 equally likely whole numbers
  EXPECT_NEAR(of.mean, 1000, Tolerance(variance));
  EXPECT_NEAR(of.variance / variance, 1.0, 0.02);
}

TEST(TokenLengths, ConstantAndListed) {
  Random random(5, 0);
  EXPECT_EQ(TokenLengths::Constant(77).Draw(random), 77);
  const TokenLengths lengths = TokenLengths::Listed({100, 10, 1000}, {3, 6, 1});
  const Moments of = MomentsOf([&] { return static_cast<double>(lengths.Draw(random)); });
  const double mean = 0.6 * 10 + 0.3 * 100 + 0.1 * 1000;
  const double variance = 0.6 * 1e2 + 0.3 * 1e4 + 0.1 * 1e6 - mean * mean;
  EXPECT_NEAR(of.mean, mean, Tolerance(variance));
  EXPECT_NEAR(of.variance / variance, 1.0, 0.03);
}

TEST(TokenLengths, LogNormalHasItsMeanAndPercentile) {
  Random random(6, 0);
  const auto lengths = TokenLengths::LogNormal(1000, 0.9, 2000);
  ASSERT_TRUE(lengths);
  std::vector<std::int32_t> drawn;
  const Moments of =
      MomentsOf([&] { return static_cast<double>(drawn.emplace_back(lengths->Draw(random))); });
  EXPECT_NEAR(of.mean / 1000, 1.0, 0.02);
  const auto rank = drawn.begin() + kDraws * 9 / 10;
  std::nth_element(drawn.begin(), rank, drawn.end());
  EXPECT_NEAR(*rank / 2000.0, 1.0, 0.02);
  EXPECT_FALSE(TokenLengths::LogNormal(1000, 0.9, 1e6));
}

TEST(SyntheticTraffic, SameSeedSameRequestsAndRateLeavesLengths) {
  const Traffic traffic{.arrivals = {.rate_per_s = 1.0},
                        .input = TokenLengths::Uniform(1, 5000),
                        .output = TokenLengths::Uniform(1, 500),
                        .requests = 500};
  Traffic faster = traffic;
  faster.arrivals.rate_per_s = 4.0;
  SyntheticTraffic a(traffic, 9), b(traffic, 9), c(faster, 9), d(traffic, 10);
  Request of_a, of_b, of_c, of_d;
  int different = 0;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(a.Next(&of_a) && b.Next(&of_b) && c.Next(&of_c) && d.Next(&of_d));
    EXPECT_EQ(of_a.id, i);
    EXPECT_EQ(of_a.arrival, of_b.arrival);
    EXPECT_EQ(of_a.input_tokens, of_b.input_tokens);
    EXPECT_EQ(of_a.output_tokens, of_c.output_tokens);
    EXPECT_NEAR(of_a.arrival / of_c.arrival, 4.0, 1e-9);
    different += of_a.input_tokens != of_d.input_tokens ? 1 : 0;
  }
  EXPECT_FALSE(a.Next(&of_a));
  EXPECT_GT(different, 450);
}

TEST(SyntheticTraffic, MeasuredPairsStayTogether) {
  SyntheticTraffic traffic({.pairs = {{10, 1}, {20, 2}, {30, 3}}, .requests = 1000}, 1);
  Request request;
  std::vector<int> seen(4);
  while (traffic.Next(&request)) {
    EXPECT_EQ(request.input_tokens, 10 * request.output_tokens);
    ++seen[request.output_tokens];
  }
  // Binomial: 333 each, deviation 15.
  for (int i = 1; i <= 3; ++i) EXPECT_NEAR(seen[i], 333, 75);
}

TEST(SyntheticTraffic, CommonPromptsComeBeforeTheInput) {
  SyntheticTraffic traffic({.input = TokenLengths::Constant(100),
                            .output = TokenLengths::Constant(10),
                            .common = CommonPrompts{.tokens = 400, .prompts = 4, .share = 0.25},
                            .requests = 10000},
                           1);
  Request request;
  std::vector<int> seen(4);
  int with = 0;
  while (traffic.Next(&request)) {
    if (request.shared_prefix < 0) {
      EXPECT_EQ(request.input_tokens, 100);
      EXPECT_EQ(request.shared_prefix_tokens, 0);
      continue;
    }
    EXPECT_EQ(request.input_tokens, 500);
    EXPECT_EQ(request.shared_prefix_tokens, 400);
    ++seen[request.shared_prefix];
    ++with;
  }
  EXPECT_NEAR(with, 2500, 5 * 43);
  for (const int count : seen) EXPECT_NEAR(count, with / 4, 5 * 22);
}

}  // namespace
}  // namespace fleetsim
