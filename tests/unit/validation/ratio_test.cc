#include "sim/validation/ratio.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RatioTest : public ::testing::Test {
 protected:
  CaseResult Result(const MeasuredCase& measured, const char* metric, double value,
                    double simulated) {
    CaseResult result{.measured = &measured};
    result.comparisons.push_back({ClassOf(metric), metric, "", value, simulated});
    return result;
  }
  RatioTest() {
    fast_.id = "fast";
    slow_.id = "slow";
    ratio_ = {.name = "slow to fast", .numerator = "slow", .denominator = "fast"};
  }
  MeasuredCase fast_, slow_;
  MeasuredRatio ratio_;
};

// Twice the time is half the speed; simulated 1.6 times the time, 0.625 of the speed.
TEST_F(RatioTest, TimesAreInverted) {
  const auto ratios = CompareRatios({ratio_}, {Result(fast_, "iteration_time", 1.0, 1.0),
                                               Result(slow_, "iteration_time", 2.0, 1.6)});
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_DOUBLE_EQ(ratios[0].measured, 0.5);
  EXPECT_DOUBLE_EQ(ratios[0].simulated, 0.625);
  EXPECT_NEAR(ratios[0].Points(), 12.5, 1e-12);
}

TEST_F(RatioTest, RatesAndMemoryAreNot) {
  for (const char* metric : {"tokens_per_s_per_accel", "mem_per_accel"}) {
    ratio_.metric = metric;
    const std::vector<MeasuredRatio> wanted = {ratio_};
    const auto ratios =
        CompareRatios(wanted, {Result(fast_, metric, 4.0, 5.0), Result(slow_, metric, 3.0, 4.0)});
    ASSERT_EQ(ratios.size(), 1u);
    EXPECT_DOUBLE_EQ(ratios[0].measured, 0.75);
    EXPECT_DOUBLE_EQ(ratios[0].simulated, 0.8);
  }
}

TEST_F(RatioTest, SaysWhyThereIsNone) {
  const std::vector<MeasuredRatio> wanted = {ratio_};
  CaseResult missing{.measured = &slow_, .reason = "no such stack"};
  auto ratios = CompareRatios(wanted, {Result(fast_, "iteration_time", 1.0, 1.0), missing});
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_THAT(ratios[0].reason, HasSubstr("slow: no such stack"));
  ratios = CompareRatios(wanted, {Result(fast_, "iteration_time", 1.0, 1.0)});
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_THAT(ratios[0].reason, HasSubstr("slow is not selected"));
  ratios = CompareRatios(wanted, {Result(fast_, "iteration_time", 1.0, 1.0),
                                  Result(slow_, "tokens_per_s_total", 1.0, 1.0)});
  EXPECT_THAT(ratios[0].reason, HasSubstr("iteration_time"));
}

TEST_F(RatioTest, UnselectedPairsAreLeftOut) {
  EXPECT_THAT(CompareRatios({ratio_}, {}), IsEmpty());
}

}  // namespace
}  // namespace fleetsim
