// The program itself on wrong and impossible serving jobs: one line that says where and what would
// be right, nothing written.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace fleetsim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

const std::string kSource = fs::canonical(FLEETSIM_SOURCE_DIR).string();
const std::string kProgram = fs::absolute(FLEETSIM_PROGRAM).string();

struct Wrong {
  const char* name;
  std::string pools, traffic, message;
  int exit_code = 2;
  std::string engine = "vllm-2026";
  std::string command = "run";
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

const char kTraffic[] =
    "arrivals { rate_per_s: 1 } input { tokens: 64 } output { tokens: 8 } requests: 9";

std::string Workload(const Wrong& wrong) {
  return "jobs {\n"
         "  id: \"chat\"\n"
         "  serve {\n"
         "    model: \"llama3-70b\"\n"
         "    engine: \"" +
         wrong.engine + "\"\n    " + wrong.pools + "\n    traffic { " + wrong.traffic +
         " }\n  }\n}\n";
}

std::string ReadText(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class WrongServing : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongServing, OneMessageAndNothingWritten) {
  const Wrong& wrong = GetParam();
  const fs::path folder =
      fs::path(::testing::TempDir()) / (std::string("fleetsim.serve.") + wrong.name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::ofstream(folder / "bad.textproto") << Workload(wrong);
  std::ofstream(folder / "noise.trace") << "this is no trace\n";
  const std::string command = "cd '" + folder.string() + "' && FLEETSIM_CATALOG='" + kSource +
                              "/platforms/catalog' '" + kProgram + "' " + wrong.command +
                              " bad.textproto -p '" + kSource +
                              "/platforms/h100-1x8.xml' -o out 2> err";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, wrong.exit_code);
  const std::string complaint = ReadText(folder / "err");
  EXPECT_THAT(complaint, StartsWith("fleetsim: "));
  EXPECT_THAT(complaint, HasSubstr(wrong.message));
  EXPECT_EQ(std::count(complaint.begin(), complaint.end(), '\n'), 1) << complaint;
  EXPECT_FALSE(fs::exists(folder / "out"));
  fs::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, WrongServing,
    ::testing::Values(
        Wrong{"BrokenTrace", "pools { tensor: 8 }", "trace: \"noise.trace\"", "bad.textproto:7"},
        Wrong{"MissingTrace", "pools { tensor: 8 }", "trace: \"nowhere.trace\"", "is no file"},
        Wrong{"ZeroRate", "pools { tensor: 8 }",
              "arrivals { rate_per_s: 0 } input { tokens: 64 } output { tokens: 8 } requests: 9",
              "rate_per_s"},
        Wrong{"UnknownEngine", "pools { tensor: 8 }", kTraffic, "bad.textproto:5", 2, "vllm-3026"},
        Wrong{"RoleMix", "pools { role: PREFILL tensor: 4 }", kTraffic, "have no pool of role"},
        Wrong{"UnknownCluster", "pools { tensor: 8 cluster: \"attic\" }", kTraffic,
              "\"attic\" is none of"},
        Wrong{"NoRoom", "pools { tensor: 8 instances: 3 }", kTraffic, "give instances: 1", 1},
        Wrong{"DoesNotFit", "pools { tensor: 1 }", kTraffic, "smallest change that fits", 1},
        Wrong{"FailureOfNoInstance", "pools { tensor: 8 } failures { time_s: 1 instance: 7 }",
              kTraffic, "failures.instance: is 7"},
        Wrong{"CapacityWithoutObjectives", "pools { tensor: 8 }", kTraffic, "has no objectives", 2,
              "vllm-2026", "capacity"},
        Wrong{
            "CapacityOfAClosedLoop", "pools { tensor: 8 } objectives { ttft_s: 1 }",
            "closed_loop { concurrency: 4 } input { tokens: 64 } output { tokens: 8 } requests: 9",
            "have no rate", 2, "vllm-2026", "capacity"},
        Wrong{"CapacityPrecision", "pools { tensor: 8 } objectives { ttft_s: 1 }", kTraffic,
              "\"int3\" is no precision", 2, "vllm-2026", "capacity --precision int3"}),
    [](const auto& wrong) { return std::string(wrong.param.name); });

}  // namespace
}  // namespace fleetsim
