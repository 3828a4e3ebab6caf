#include "sim/report/report.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_split.h"
#include "tests/unit/report/example_report.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kTolerance = 1e-9;

// Sum of all doubles of a message.
double SumOfDoubles(const google::protobuf::Message& message) {
  double sum = 0;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    if (field->cpp_type() == field->CPPTYPE_DOUBLE) {
      sum += message.GetReflection()->GetDouble(message, field);
    }
  }
  return sum;
}

TEST(ReportTest, PartsSumToTheWhole) {
  const proto::JobResult result = ExampleJobResult("one");
  EXPECT_NEAR(SumOfDoubles(result.breakdown()), result.step_time_s(), kTolerance);
  EXPECT_NEAR(SumOfDoubles(result.activities()), result.step_time_s(), kTolerance);
  EXPECT_NEAR(SumOfDoubles(result.memory()), result.memory_bytes_per_accelerator(), kTolerance);
  EXPECT_NEAR(SumOfDoubles(result.energy()), result.energy_j(), kTolerance);
  EXPECT_NEAR(SumOfDoubles(result.owned_cost()) - result.owned_cost().total_usd(),
              result.owned_cost().total_usd(), kTolerance);
}

TEST(ReportTest, RatesFollowFromTheStep) {
  const proto::JobResult result = ExampleJobResult("one");
  EXPECT_DOUBLE_EQ(result.tokens_per_s(), 4e5);
  EXPECT_DOUBLE_EQ(result.tokens_per_s_per_accelerator(), 6250);
  EXPECT_NEAR(result.model_flops_utilization(), 0.40, kTolerance);
  EXPECT_NEAR(result.model_flops_utilization_full_attention(), 0.42, kTolerance);
  EXPECT_NEAR(result.hardware_flops_utilization(), 0.45, kTolerance);
  EXPECT_EQ(result.cost_usd(), result.owned_cost().total_usd());
}

TEST(ReportTest, LimitsAreLargestFirst) {
  const proto::JobResult result = ExampleJobResult("one");
  ASSERT_EQ(result.limits_size(), 8);
  EXPECT_EQ(result.limits(0).what(), "matrix products");
  EXPECT_EQ(result.limits(1).what(), "tensor communication");
  EXPECT_NEAR(result.limits(1).share_ratio(), 0.15, kTolerance);
}

TEST(ReportTest, FailuresSayWhyAndGiveNoNumbers) {
  const auto failure = [](const absl::Status& status) {
    return BuildFailure(ExampleDescription("small"), status);
  };
  const proto::JobResult small = failure(Infeasible("needs 93 GB of 80 GB"));
  EXPECT_EQ(small.outcome(), proto::JobResult::INFEASIBLE);
  EXPECT_EQ(small.reason(), "needs 93 GB of 80 GB");
  EXPECT_FALSE(small.has_step_time_s());
  EXPECT_FALSE(small.has_cost_usd());
  const proto::JobResult done = ExampleJobResult("one");
  const proto::JobResult wrong = failure(absl::InvalidArgumentError("a.xml:3: speed: found -1"));
  EXPECT_EQ(ExitCode(BuildReport("w", {}, {done})), 0);
  EXPECT_EQ(ExitCode(BuildReport("w", {}, {done, small})), 1);
  EXPECT_EQ(ExitCode(BuildReport("w", {}, {small, wrong, done})), 2);
  EXPECT_EQ(ExitCode(BuildReport("w", {}, {failure(absl::InternalError("x"))})), 1);
}

TEST(ReportTest, ResultsOfAJobStandTogether) {
  const auto result = [](const char* job, const char* platform) {
    proto::JobResult one = ExampleJobResult(platform);
    one.set_job(job);
    return one;
  };
  const proto::Report report = BuildReport(
      "w", {}, {result("z", "one"), result("a", "one"), result("z", "two"), result("a", "two")});
  std::vector<std::string> order;
  for (const proto::JobResult& one : report.results()) order.push_back(one.job() + one.platform());
  EXPECT_THAT(order, ElementsAre("zone", "ztwo", "aone", "atwo"));
}

TEST(ReportTest, JsonReadsBackIntoTheProto) {
  const proto::Report report = BuildReport(
      "workload", {{"workload", "w.textproto", "00ff"}},
      {ExampleJobResult("one"), BuildFailure(ExampleDescription("two"), Infeasible("no room"))});
  const auto json = RenderReport(report, TableFormat::kJson);
  ASSERT_TRUE(json.ok()) << json.status();
  proto::Report parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(*json, &parsed).ok());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(report, parsed));
  for (const char* field :
       {"step_time_s", "tokens_per_s", "model_flops_utilization", "hardware_flops_utilization",
        "duration_s", "energy_j", "carbon_g", "cost_usd", "memory_bytes_per_accelerator",
        "breakdown", "assumptions"}) {
    EXPECT_THAT(*json, HasSubstr(std::string("\"") + field + "\":"));
  }
}

TEST(ReportTest, JsonPrintsZeroesAndNotWhatIsAbsent) {
  StepResult step = ExampleStep();
  SetPart(step, Part::kOther, 0);
  EconomicsResult economics = ExampleEconomics();
  economics.owned.accelerators.reset();
  economics.carbon_g.reset();
  const Accelerator accelerator = ExampleAccelerator();
  const proto::JobResult result =
      BuildJobResult(ExampleDescription("one"), ExampleFleet(&accelerator), step, economics, {});
  EXPECT_FALSE(result.has_cost_usd());
  const auto json = RenderReport(BuildReport("w", {}, {result}), TableFormat::kJson);
  EXPECT_THAT(*json, HasSubstr("\"other_s\": 0"));
  EXPECT_THAT(*json, Not(HasSubstr("carbon_g")));
  EXPECT_THAT(*json, Not(HasSubstr("\"cost_usd\"")));
}

TEST(ReportTest, CsvHasARowAJobAndPlatformAndAColumnAField) {
  const auto csv = RenderReport(
      BuildReport(
          "w", {},
          {ExampleJobResult("one"), BuildFailure(ExampleDescription("two"), Infeasible("a, b"))}),
      TableFormat::kCsv);
  ASSERT_TRUE(csv.ok());
  const std::vector<std::string> lines = absl::StrSplit(*csv, '\n');
  ASSERT_EQ(lines.size(), 4u);  // header, two rows, nothing after the last newline
  EXPECT_THAT(lines[2], HasSubstr("INFEASIBLE,\"a, b\","));
  const std::vector<std::string> keys = absl::StrSplit(lines[0], ',');
  const std::vector<std::string> cells = absl::StrSplit(lines[1], ',');
  ASSERT_EQ(keys.size(), cells.size());
  std::map<std::string, std::string> row;
  for (std::size_t i = 0; i < keys.size(); ++i) row[keys[i]] = cells[i];
  EXPECT_EQ(row["job"], "pretrain");
  EXPECT_EQ(row["platform"], "one");
  EXPECT_EQ(row["step_time_s"], "10");
  EXPECT_EQ(row["breakdown.forward_s"], "2");
  EXPECT_EQ(row["setup.strategy.pipeline"], "4");
  EXPECT_EQ(row["energy_j"], "6e+08");
  EXPECT_EQ(row["unused.cost_usd"], "");
}

}  // namespace
}  // namespace fleetsim
