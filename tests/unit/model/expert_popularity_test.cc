#include "sim/model/expert_popularity.h"

#include <algorithm>
#include <numeric>

#include "gtest/gtest.h"

namespace fleetsim {
namespace {

double Sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double Load(int experts, int ranks, double tokens, double exponent) {
  return BusiestOf(ranks, TokensOfExperts(experts, 8, tokens, exponent)).copies /
         (tokens * 8 / ranks);
}

TEST(TokensOfExpertsTest, AllCopiesAreGivenOutAndNoExpertHasATokenTwice) {
  for (const double tokens : {1, 3, 32, 33, 1000, 16384}) {
    for (const double exponent : {1.0, 1.01, 1.2, 2.0}) {
      const std::vector<double> counts = TokensOfExperts(256, 8, tokens, exponent);
      EXPECT_EQ(Sum(counts), tokens * 8);
      EXPECT_LE(*std::max_element(counts.begin(), counts.end()), tokens);
      EXPECT_GE(*std::min_element(counts.begin(), counts.end()), 0);
    }
  }
}

// With exponent 1 popularity is even in its logarithm: of 4 experts and 125 tokens the quantiles at
// 1/8, 3/8, 5/8 and 7/8 from 1 to 100 are 10^0.25, 10^0.75, 10^1.25 and 10^1.75, of 125 copies.
TEST(TokensOfExpertsTest, QuantilesOfThePowerLaw) {
  const double total = 1.77828 + 5.62341 + 17.7828 + 56.2341;
  const std::vector<double> counts = TokensOfExperts(4, 1, 125, 1.0);
  EXPECT_NEAR(counts[0], 125 * 56.2341 / total, 1);
  EXPECT_NEAR(counts[1], 125 * 17.7828 / total, 1);
  EXPECT_NEAR(counts[3], 125 * 1.77828 / total, 1);
}

// Means of 60 runs of the published sampling of 256 experts, 8 a token (aiconfigurator,
// collector/helper.py): experts hit, and the busiest rank's load over the mean.
TEST(BusiestOfTest, AgreesWithThePublishedSampling) {
  EXPECT_NEAR(BusiestOf(1, TokensOfExperts(256, 8, 8, 1.2)).touched, 42, 3);
  EXPECT_NEAR(BusiestOf(1, TokensOfExperts(256, 8, 64, 1.2)).touched, 176, 5);
  EXPECT_NEAR(BusiestOf(1, TokensOfExperts(256, 8, 512, 1.01)).touched, 225, 5);
  EXPECT_NEAR(Load(256, 8, 512, 1.01), 1.42, 0.08);
  EXPECT_NEAR(Load(256, 8, 4096, 1.2), 1.66, 0.1);
  EXPECT_NEAR(Load(256, 32, 4096, 1.2), 3.43, 0.2);
}

TEST(BusiestOfTest, OneRankHasEverything) {
  const BusiestRank all = BusiestOf(1, {5, 2, 1, 0});
  EXPECT_EQ(all.copies, 8);
  EXPECT_EQ(all.touched, 3);
  EXPECT_EQ(all.layers, 1);
  const BusiestRank each = BusiestOf(4, {5, 2, 1, 0});
  EXPECT_EQ(each.copies, 5);  // the most popular expert's rank, in every layer
  EXPECT_EQ(each.touched, 1);
  EXPECT_EQ(Sum(each.groups), 5 * each.layers);
}

TEST(BusiestOfTest, MoreRanksAndMoreTokensAreLessEven) {
  EXPECT_GT(Load(256, 16, 1000, 1.2), Load(256, 4, 1000, 1.2));
  EXPECT_GT(Load(256, 8, 16384, 1.2), Load(256, 8, 100, 1.2));
  EXPECT_GT(Load(256, 8, 4096, 1.2), Load(256, 8, 4096, 1.01));
}

TEST(PopularityExponentTest, JobThenModelThenRouter) {
  Experts experts{.experts = 256, .per_token = 8};
  ServingLayout layout{.expert = 8};
  EXPECT_EQ(PopularityExponent(experts, layout), 1.2);
  experts.router_bias = true;
  EXPECT_EQ(PopularityExponent(experts, layout), 1.01);
  experts.popularity_exponent = 1.1;
  EXPECT_EQ(PopularityExponent(experts, layout), 1.1);
  layout.redundant_experts = 32;
  EXPECT_EQ(PopularityExponent(experts, layout), 0);
  layout.popularity_exponent = 0.5;
  EXPECT_EQ(PopularityExponent(experts, layout), 0.5);
  layout = {.expert = 8, .expert_load = 1.3};
  EXPECT_EQ(PopularityExponent(experts, layout), 0);
}

}  // namespace
}  // namespace fleetsim
