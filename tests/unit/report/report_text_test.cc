#include "sim/report/report_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_split.h"
#include "sim/report/field.h"
#include "tests/unit/report/example_report.h"

namespace fleetsim {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ReportTextTest, OnePlatformFitsAScreenAndNamesItsUnits) {
  const std::string text = ReportText(BuildReport("w", {}, {ExampleJobResult("one")}));
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 60);
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    EXPECT_LE(line.size(), 100u) << line;
  }
  EXPECT_THAT(text, HasSubstr("pretrain: acme-lm (70 billion parameters), 4 billion tokens"));
  EXPECT_THAT(text, HasSubstr("1,024 sequences of 4,096 tokens"));
  EXPECT_THAT(text, HasSubstr("64 acme-1 in 8 hosts"));
  EXPECT_THAT(text, ContainsRegex("Step +10 s"));
  EXPECT_THAT(text, ContainsRegex("backward +4 s +40.0 %"));
  EXPECT_THAT(text, HasSubstr("40.0 % model flops"));
  EXPECT_THAT(text, HasSubstr("65 GB of 80 GB"));
  EXPECT_THAT(text, HasSubstr("1,000 steps"));
  EXPECT_THAT(text, ContainsRegex("Energy +167 kWh; 60 kW in the mean"));
  EXPECT_THAT(text, ContainsRegex("Cost, owned +USD 284"));
  EXPECT_THAT(text, ContainsRegex("Cost, rented +USD 400"));
  EXPECT_THAT(text, HasSubstr("4 racks, 10 m2"));
  EXPECT_THAT(text, ContainsRegex("Limited by +matrix products 50.0 %"));
  EXPECT_THAT(text, ContainsRegex("1 % more of +peak 0.55 %, scale-up 0.12 %"));
}

TEST(ReportTextTest, OnlyWeakAssumptionsAreShownAndTheRestCounted) {
  const proto::JobResult result = ExampleJobResult("one");
  const std::string all = AssumptionsText({&result}, 8);
  EXPECT_THAT(all, HasSubstr("kernel class of a relative [inferred: nearest relative]"));
  EXPECT_THAT(all, HasSubstr("hardware at work for all of its life [assumed]"));
  EXPECT_THAT(all, Not(HasSubstr("data sheet")));
  EXPECT_THAT(all, HasSubstr("and 1 more"));
  EXPECT_THAT(AssumptionsText({&result}, 1), HasSubstr("and 2 more"));
  EXPECT_EQ(AssumptionsText({&result, &result}, 8), all);
}

TEST(ReportTextTest, SeveralPlatformsStandSideBySideWithRatios) {
  proto::JobResult slow = ExampleJobResult("slow");
  slow.set_step_time_s(25);
  slow.clear_carbon_g();
  proto::MissingFigure& missing = *slow.add_missing();
  missing.set_what("carbon");
  missing.set_why("no region");
  const std::string text = ReportText(
      BuildReport("w", {},
                  {ExampleJobResult("quick"), slow,
                   BuildFailure(ExampleDescription("small"), Infeasible("needs 93 GB of 80 GB"))}));
  EXPECT_THAT(text, ContainsRegex("quick +slow +ratio +small +ratio"));
  EXPECT_THAT(text, ContainsRegex("outcome +done +done +infeasible"));
  EXPECT_THAT(text, ContainsRegex("step time +10 s +25 s +x2.5 +-"));
  EXPECT_THAT(text, HasSubstr("small: needs 93 GB of 80 GB"));
  EXPECT_THAT(text, HasSubstr("slow: carbon unknown: no region"));
}

TEST(ReportTextTest, StrategySaysDegreesThatAreNotOne) {
  proto::Strategy strategy;
  strategy.set_tensor(8);
  strategy.set_pipeline(16);
  strategy.set_data(128);
  strategy.set_context(1);
  EXPECT_EQ(StrategyText(strategy), "8 x 16 x 128");
  strategy.set_context(2);
  EXPECT_EQ(StrategyText(strategy), "8 x 16 x 128 x context 2");
}

TEST(FieldTest, NumbersByPathAndAbsence) {
  proto::JobResult result;
  EXPECT_EQ(NumberAt(result, "step_time_s"), std::nullopt);
  EXPECT_EQ(NumberAt(result, "breakdown.forward_s"), std::nullopt);
  result.mutable_breakdown()->set_forward_s(2);
  result.mutable_setup()->set_hosts(3);
  EXPECT_EQ(NumberAt(result, "breakdown.forward_s"), 2);
  EXPECT_EQ(NumberAt(result, "setup.hosts"), 3);
}

}  // namespace
}  // namespace fleetsim
