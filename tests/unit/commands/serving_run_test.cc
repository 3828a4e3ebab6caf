// Serving jobs through the whole program: what has to add up, and what capacity promises.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/commands/command.h"
#include "sim/inputs/file.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;

using Json = nlohmann::json;

const std::string kFolder = FLEETSIM_SOURCE_DIR "/platforms/";
constexpr int kInput = 700, kOutput = 40;

std::string Temporary(const std::string& ending) {
  return std::filesystem::path(::testing::TempDir()) /
         (std::string("serve_") + ::testing::UnitTest::GetInstance()->current_test_info()->name() +
          ending);
}

std::string Workload(double rate, const std::string& pools, const std::string& more = "") {
  const std::string path = Temporary(".textproto");
  std::ofstream(path) << absl::StrFormat(
      "jobs { id: \"chat\" serve {\n"
      "  model: \"llama3-8b\" engine: \"vllm-2026\" %s\n"
      "  traffic { arrivals { rate_per_s: %.17g } input { tokens: %d } output { tokens: %d }\n"
      "            requests: 600 }\n"
      "  objectives { ttft_s: 0.5 tpot_s: 0.02 percentile_ratio: 0.9 } %s } }\n",
      pools, rate, kInput, kOutput, more);
  return path;
}

Json Output(void (*add)(CLI::App&, const CommonFlags&, int&), const std::string& arguments) {
  const std::string path = Temporary(".out");
  CLI::App app;
  CommonFlags common;
  int exit_code = 0;
  add(app, common, exit_code);
  app.parse(arguments + " --format json -o " + path);
  EXPECT_EQ(exit_code, 0);
  const auto content = ReadFile(path);
  std::filesystem::remove(path);
  return Json::parse(content.value_or("{}"));
}

Json Simulated(const std::string& workload, const std::string& platform = "h100-1x8.xml") {
  return Output(AddRunCommand, "run " + workload + " -p " + kFolder + platform)["results"][0];
}

Json Capacity(const std::string& workload, const std::string& flags = "") {
  return Output(AddCapacityCommand,
                "capacity " + workload + " -p " + kFolder + "h100-1x8.xml" + flags)["answers"][0];
}

double Sum(const Json& parts) {
  double sum = 0;
  for (const auto& part : parts) sum += part.get<double>();
  return sum;
}

// Equal requests: every count and mean follows from 600 of them.
void ExpectSumsToAgree(const Json& result) {
  const Json& serving = result["serving"];
  const auto at = [&serving](const char* name) { return serving[name].get<double>(); };
  EXPECT_EQ(at("requests"), 600);
  EXPECT_EQ(at("input_tokens"), 600.0 * kInput);
  EXPECT_EQ(at("output_tokens"), 600.0 * kOutput);
  const double end_to_end = serving["end_to_end"]["mean_s"];
  const double ttft = serving["ttft"]["mean_s"], tpot = serving["tpot"]["mean_s"];
  EXPECT_THAT(ttft + (kOutput - 1) * tpot, DoubleNear(end_to_end, 1e-9 + 1e-6 * end_to_end));
  EXPECT_GT(ttft, 0);

  const double duration = result["duration_s"];
  const double accelerators = result["setup"]["accelerators"];
  EXPECT_THAT(Sum(serving["time"]), DoubleNear(accelerators * duration, 1e-6 * duration));
  double limits = 0;
  for (const Json& limit : result["limits"]) limits += limit["share_ratio"].get<double>();
  EXPECT_THAT(limits, DoubleNear(1.0, 1e-9));

  const double energy = result["energy_j"];
  EXPECT_THAT(Sum(serving["energy"]), DoubleNear(energy, 1e-9 * energy));
  const auto total = [&](const char* input, const char* output) {
    return at(input) * at("input_tokens") + at(output) * at("output_tokens");
  };
  EXPECT_THAT(total("energy_per_input_token_j", "energy_per_output_token_j"),
              DoubleNear(energy, 1e-9 * energy));
  const double owned = result["owned_cost"]["total_usd"], rented = result["rented_cost_usd"];
  EXPECT_THAT(1e-6 * total("owned_cost_per_million_input_tokens_usd",
                           "owned_cost_per_million_output_tokens_usd"),
              DoubleNear(owned, 1e-9 * owned));
  EXPECT_THAT(1e-6 * total("rented_cost_per_million_input_tokens_usd",
                           "rented_cost_per_million_output_tokens_usd"),
              DoubleNear(rented, 1e-9 * rented));
}

TEST(ServingRun, SumsAgree) { ExpectSumsToAgree(Simulated(Workload(30, "pools { tensor: 2 }"))); }

// Prompts and answers apart, a cache of 700 tokens each on its way: 2 x 8 heads x 128 elements x 32
// layers of 16 bits a token.
TEST(ServingRun, SplitPoolsMoveEveryCacheOnce) {
  const Json result = Simulated(Workload(30,
                                         "pools { role: PREFILL instances: 2 tensor: 2 } "
                                         "pools { role: DECODE instances: 1 tensor: 4 }"));
  ExpectSumsToAgree(result);
  const Json& serving = result["serving"];
  EXPECT_EQ(serving["transfers"], 600);
  EXPECT_THAT(serving["transferred_bytes"].get<double>(),
              DoubleNear(600.0 * kInput * 2 * 8 * 128 * 32 * 2, 600.0 * 2 * 8 * 128 * 32 * 2 * 2));
  // All that the prefill pool costs is the prompts'.
  EXPECT_EQ(serving["pools"][0]["role"], "prefill");
}

// Instances that stop lose no request.
TEST(ServingRun, FailuresLoseNothing) {
  const Json result = Simulated(Workload(
      30, "pools { tensor: 2 }", "failures { time_s: [4, 8] instance: [0, 2] repair_s: 5 }"));
  ExpectSumsToAgree(result);
  EXPECT_GT(result["serving"]["retries"].get<double>(), 0);
}

TEST(ServingRun, SameInputsSameBytes) {
  const std::string workload =
      Workload(20, "pools { tensor: 4 }", "failures { mtbf_s: 30 repair_s: 3 }");
  EXPECT_EQ(Simulated(workload), Simulated(workload));
}

TEST(Capacity, ItsRateMeetsTheObjectivesAndFivePercentMoreDoesNot) {
  const std::string pools = "pools { tensor: 8 }";
  const Json answer = Capacity(Workload(30, pools));
  const double rate = answer["rate_per_s"];
  EXPECT_TRUE(answer["result"]["serving"]["meets_objectives"].get<bool>());
  EXPECT_TRUE(Simulated(Workload(rate, pools))["serving"]["meets_objectives"].get<bool>());
  EXPECT_FALSE(Simulated(Workload(1.05 * rate, pools))["serving"]["meets_objectives"].get<bool>());
}

TEST(Capacity, OneInstanceFewerDoesNotMeetTheObjectives) {
  const double rate = Capacity(Workload(30, "pools { tensor: 1 instances: 1 }"))["rate_per_s"];
  const double wanted = 3.5 * rate;
  const Json answer =
      Capacity(Workload(30, "pools { tensor: 1 }"), absl::StrCat(" --rate ", wanted));
  const int instances = answer["instances"];
  EXPECT_GE(instances, 2);
  const auto meets = [&](int count) {
    const std::string pools = absl::StrCat("pools { tensor: 1 instances: ", count, " }");
    return Simulated(Workload(wanted, pools))["serving"]["meets_objectives"].get<bool>();
  };
  EXPECT_TRUE(meets(instances));
  EXPECT_FALSE(meets(instances - 1));
}

}  // namespace
}  // namespace fleetsim
