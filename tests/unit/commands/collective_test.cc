// fleetsim collective from flags to numbers. One run a test: SimGrid has one engine a process.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/commands/byte_range.h"
#include "sim/commands/command.h"
#include "sim/inputs/file.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

const std::string kPlatforms = std::string(FLEETSIM_SOURCE_DIR) + "/platforms/";
constexpr double kGiB = 1073741824.0;

std::string Temporary(const std::string& ending) {
  return std::filesystem::path(::testing::TempDir()) /
         (std::string("collective_") +
          ::testing::UnitTest::GetInstance()->current_test_info()->name() + ending);
}

std::string Output(const std::string& arguments) {
  const std::string path = Temporary(".out");
  CLI::App app;
  CommonFlags common;
  int exit_code = 0;
  AddCollectiveCommand(app, common, exit_code);
  AddPlatformCommand(app, common, exit_code);
  app.parse(arguments + " -o " + path);
  EXPECT_EQ(exit_code, 0);
  const auto content = ReadFile(path);
  std::filesystem::remove(path);
  EXPECT_TRUE(content.ok());
  return content.value_or("");
}

// Four H100 hosts, two to a leaf; the leaves' uplinks have a quarter of what their hosts have:
// 2 x 400 GB/s / 4 = 200 GB/s.
nlohmann::json OnThinUplinks(const std::string& arguments) {
  const std::string platform = Temporary(".xml");
  EXPECT_TRUE(
      WriteFileAtomically(
          platform, Output("platform new --server hgx-h100 --accelerator nvidia-h100-sxm-80gb "
                           "--fabric infiniband-ndr --hosts 4 --leaf 2 --oversubscription 4"))
          .ok());
  nlohmann::json rows =
      nlohmann::json::parse(Output("collective " + arguments + " --format json -p " + platform));
  std::filesystem::remove(platform);
  return rows;
}

TEST(Collective, HasNcclTestsColumnsForEverySize) {
  const auto rows = nlohmann::json::parse(Output("collective all-reduce -p " + kPlatforms +
                                                 "h100-1x8.xml -b 1KiB..1GiB --format json"));
  ASSERT_EQ(rows.size(), 21u);
  double bytes = 1024, before = 0;
  for (const auto& row : rows) {
    const double time = row["time_s"], algorithm = row["algorithm_bandwidth_bytes_per_s"];
    EXPECT_EQ(row["message_bytes"], bytes);
    EXPECT_NEAR(algorithm, bytes / time, 1e-6 * algorithm);
    EXPECT_NEAR(row["bus_bandwidth_bytes_per_s"], algorithm * 2 * 7 / 8, 1e-6 * algorithm);
    EXPECT_GT(time, before);
    before = time;
    bytes *= 2;
  }
  EXPECT_EQ(rows.front()["algorithm"], "ring");
  EXPECT_EQ(rows.front()["limit"], "latency");
  EXPECT_EQ(rows.back()["algorithm"], "NVLS");
  EXPECT_EQ(rows.back()["limit"], "scale-up links");
}

// One rank a host, eight groups: eight rings cross the same uplink.
TEST(Collective, GroupsSideBySideShareTheUplink) {
  const auto rows = OnThinUplinks("all-gather -n 4 --ranks-per-host 1 --groups 8 -b 8GiB");
  EXPECT_NEAR(double(rows[0]["time_s"]) / (8 * 8 * kGiB * 3 / 4 / 200e9), 1, 0.05);
  EXPECT_EQ(rows[0]["limit"], "uplink");
}

// Hosts 0 and 2, and 1 and 3: both pairs cross from leaf to leaf.
TEST(Collective, DisjointGroupsShareASpine) {
  const auto rows = OnThinUplinks("all-gather -n 16 --groups 2 --stride 2 -b 8GiB");
  EXPECT_NEAR(double(rows[0]["time_s"]) / (2 * 8 * kGiB * 15 / 16 / 200e9), 1, 0.05);
}

// Hosts 0 and 1 are under one leaf: the uplink does not matter, the NICs' 400 GB/s do.
TEST(Collective, NeighboursDoNotSeeTheUplink) {
  const auto rows = OnThinUplinks("all-gather -n 16 --groups 2 -b 8GiB");
  EXPECT_NEAR(double(rows[0]["time_s"]) / (8 * kGiB * 15 / 16 / (0.97 * 400e9)), 1, 0.05);
  EXPECT_EQ(rows[0]["limit"], "NIC");
}

TEST(Collective, BetweenTwoHostsATransferHasOneNic) {
  const auto rows = OnThinUplinks("send-recv -n 2 --ranks-per-host 1 -b 8GiB");
  EXPECT_NEAR(double(rows[0]["bus_bandwidth_bytes_per_s"]) / (0.97 * 50e9), 1, 0.01);
}

// Two sites: the WAN between them is what an all-reduce over both waits for.
TEST(Collective, TheWanShows) {
  const auto rows = nlohmann::json::parse(
      Output("collective all-reduce -p " + kPlatforms + "two-sites-h20.xml -b 1GiB --format json"));
  EXPECT_EQ(rows[0]["limit"], "uplink");
}

TEST(Collective, TextNamesThePlacement) {
  EXPECT_THAT(Output("collective all-reduce -p " + kPlatforms + "ascend-910b-1x8.xml -n 4 -b 1GiB"),
              ::testing::AllOf(HasSubstr("4 ranks, 4 on each of 1 host"), HasSubstr("full mesh"),
                               HasSubstr("1 GiB")));
}

struct Wrong {
  const char* arguments;  // on one server of 8
  const char* message;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.arguments; }

class WrongCollective : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongCollective, ExitsWithTwoAndWritesNothing) {
  const std::string path = Temporary(".out");
  CLI::App app;
  CommonFlags common;
  int exit_code = 0;
  AddCollectiveCommand(app, common, exit_code);
  ::testing::internal::CaptureStderr();
  app.parse(std::string("collective ") + GetParam().arguments + " -p " + kPlatforms +
            "h100-1x8.xml -o " + path);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr(GetParam().message));
  EXPECT_EQ(exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(path));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongCollective,
    ::testing::Values(Wrong{"all-reduec", "OP: is \"all-reduec\""},
                      Wrong{"all-reduec", "nearest: all-reduce"},
                      Wrong{"all-reduce --ranks 64", "--ranks: needs host 8 of 1"},
                      Wrong{"all-gather --ranks 12", "--ranks: is 12; a multiple of 8"},
                      Wrong{"broadcast -n 1", "--ranks: is 1; 2 or more"},
                      Wrong{"all-reduce --ranks-per-host 9", "--ranks-per-host: is 9; at most 8"},
                      Wrong{"all-reduce --groups 0", "--groups: is 0; 1 or more"},
                      Wrong{"all-reduce -n 4 --groups 3", "--ranks: needs host 2 of 1"},
                      Wrong{"all-reduce --stride 0", "--stride: is 0; 1 or more"},
                      Wrong{"all-reduce --bytes 8GiB..1KiB", "--bytes: goes down"},
                      Wrong{"all-reduce --bytes 1KiBi", "--bytes: is \"1KiBi\""},
                      Wrong{"all-reduce --bytes 0", "--bytes: is \"0\""},
                      Wrong{"all-reduce --bytes 1B..1GiB --factor 1.0001",
                            "--bytes: has more than 10000 sizes"},
                      Wrong{"all-reduce --factor 1", "--factor: is 1; more than 1"}));

TEST(ByteRange, GoesFromFirstToLast) {
  const auto sizes = ParseByteRange("--bytes", "1KiB..8KiB", 2);
  ASSERT_TRUE(sizes.ok());
  EXPECT_EQ(*sizes, (std::vector<Bytes>{Bytes(1024), Bytes(2048), Bytes(4096), Bytes(8192)}));
  EXPECT_EQ(ParseByteRange("--bytes", "1.5 MB", 2)->at(0), Bytes(1.5e6));
  EXPECT_EQ(ParseByteRange("--bytes", "100..999", 3)->size(), 3u);  // 100, 300, 900
}

}  // namespace
}  // namespace fleetsim
