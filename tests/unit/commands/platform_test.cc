#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/commands/command.h"
#include "sim/inputs/file.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kPlatforms = std::string(FLEETSIM_SOURCE_DIR) + "/platforms/";

// `fleetsim ARGS -o FILE`: the exit code, and what the file has (empty: no file).
struct Outcome {
  int exit_code = 0;
  std::string output, complaint;
};

std::string OutputPath() {
  return std::filesystem::path(::testing::TempDir()) /
         (std::string("platform_") +
          ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".out");
}

Outcome Fleetsim(const std::string& arguments) {
  const std::string path = OutputPath();
  std::filesystem::remove(path);
  CLI::App app;
  CommonFlags common;
  Outcome outcome;
  AddPlatformCommand(app, common, outcome.exit_code);
  ::testing::internal::CaptureStderr();
  app.parse(arguments + " -o " + path);
  outcome.complaint = ::testing::internal::GetCapturedStderr();
  const auto content = ReadFile(path);
  if (content.ok()) outcome.output = *content;
  std::filesystem::remove(path);
  return outcome;
}

TEST(PlatformNew, WritesWhatIsAsked) {
  const Outcome outcome = Fleetsim(
      "platform new --name ordos --server hgx-h20 --accelerator nvidia-h20-96gb --hosts 64 "
      "--fabric rocev2-200g --leaf 16 --oversubscription 2 --region cn-inner-mongolia --pue 1.15");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.complaint;
  // 16 hosts of 8 x 25 GB/s, half of it above the leaf.
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("<zone id=\"ordos\""), HasSubstr("value=\"1.15\""),
                    HasSubstr("radical=\"48-63\""), HasSubstr("bandwidth=\"1600GBps\"")));
}

TEST(PlatformNew, FurtherPoolsSitesAndWan) {
  const Outcome outcome = Fleetsim(
      "platform new --server hgx-h200 --hosts 4 --fabric infiniband-ndr "
      "--site name=west,region=us --site name=east,pue=1.2 "
      "--add server=hgx-h800,hosts=4,fabric=infiniband-ndr,site=east "
      "--wan from=west,to=east,fabric=wan-400g,km=100");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.complaint;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("west_leaf0"), HasSubstr("east_leaf1"),
                                    HasSubstr("west_east_wan"), HasSubstr("hgx-h800")));
}

TEST(PlatformNew, NothingIsWrittenOfAWrongSpec) {
  for (const auto& [arguments, message] : std::vector<std::pair<std::string, std::string>>{
           {"--server hgx-h2000 --hosts 4 --fabric infiniband-ndr", "or \"hgx-h200\""},
           {"--server hgx-h200 --hosts 0 --fabric infiniband-ndr", "hosts: is 0"},
           {"--server hgx-h200 --hosts 4 --fabric infiniband-nr", "unknown fabric"},
           {"--server hgx-h200 --hosts 4 --fabric nvlink4", "joins no servers"},
           {"--server hgx-h200 --hosts 4 --fabric infiniband-ndr --speed 5Pf", "at most the BF16"},
           {"--server hgx-h200 --hosts 4 --fabric infiniband-ndr --speed fast", "--speed: is"},
           {"--server hgx-h20 --hosts 4 --fabric infiniband-ndr", "takes several"},
           {"--server hgx-h200 --hosts 4 --fabric infiniband-ndr --add hosts=x",
            "--add: hosts: is"},
           {"--server hgx-h200 --hosts 4 --fabric infiniband-ndr --add host=3", "did you mean"},
           {"--server hgx-h200 --hosts 4 --fabric infiniband-ndr --site nam=x", "--site: nam"}}) {
    const Outcome outcome = Fleetsim("platform new " + arguments);
    EXPECT_EQ(outcome.exit_code, 2) << arguments;
    EXPECT_THAT(outcome.complaint, HasSubstr(message)) << arguments;
    EXPECT_EQ(outcome.output, "") << arguments;
  }
}

TEST(PlatformNew, RefusesSlowHostsThatCannotBe) {
  const std::string fleet =
      "platform new --server hgx-h100 --accelerator nvidia-h100-sxm-80gb --hosts 4 "
      "--fabric infiniband-ndr --slow ";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"host=hgx-h100-9,speed=0.5", "host \"hgx-h100-9\" is not in the file"},
      {"host=hgx-h100-1,speed=1.5", "slow speed: is 1.5; between 0 and 1"},
      {"host=hgx-h100-1,speed=0", "slow speed: is 0; between 0 and 1"},
      {"host=hgx-h100-1,speed=fast", "--slow: speed: is \"fast\"; a number"},
      {"speed=0.5", "slow host: is \"\""}};
  for (const auto& [slow, complaint] : wrong) {
    const Outcome outcome = Fleetsim(fleet + slow);
    EXPECT_EQ(outcome.exit_code, 2) << slow;
    EXPECT_THAT(outcome.complaint, HasSubstr(complaint));
    EXPECT_EQ(outcome.output, "") << slow;
  }
}

TEST(PlatformShow, TreeWithTotals) {
  const Outcome outcome = Fleetsim("platform show " + kPlatforms + "h100-16k-ndr.xml");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.complaint;
  // Half of 2,048 hosts x 400 GB/s cross the middle of a network without oversubscription.
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("16,384 accelerators in 2,048 hosts"),
                    HasSubstr("bisection 410 TB/s"), HasSubstr("pod0 .. pod3 (4 alike)"),
                    HasSubstr("leaf0 .. leaf15 (16 alike)"), HasSubstr("32 x hgx-h100")));
}

TEST(PlatformShow, WanIsTheBisectionOfTwoSites) {
  const Outcome outcome = Fleetsim("platform show " + kPlatforms + "two-sites-h20.xml");
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("bisection 200 GB/s"), HasSubstr("to east in 4.94")));
}

TEST(PlatformShow, MachineReadable) {
  const Outcome outcome =
      Fleetsim("platform show --format json " + kPlatforms + "mixed-h20-910b.xml");
  const auto rows = nlohmann::json::parse(outcome.output);
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0]["accelerators"], 512);
  EXPECT_DOUBLE_EQ(rows[0]["peak_flops_per_s"], 512 * 148e12);
  EXPECT_EQ(rows[1]["server"], "atlas-800t-a2");
  for (const auto& row : rows) {
    EXPECT_GE(row["full_power_w"], row["matrix_power_w"]);
    EXPECT_GT(row["matrix_power_w"], row["idle_power_w"]);
    EXPECT_LE(row["price_low_usd"], row["price_usd"]);
    EXPECT_LE(row["price_usd"], row["price_high_usd"]);
  }
}

TEST(PlatformShow, MissingFileAndFormat) {
  EXPECT_EQ(Fleetsim("platform show nowhere.xml").exit_code, 2);
  EXPECT_EQ(Fleetsim("platform show --format xml " + kPlatforms + "h100-1x8.xml").exit_code, 2);
}

}  // namespace
}  // namespace fleetsim
