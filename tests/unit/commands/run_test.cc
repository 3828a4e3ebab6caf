// Runs with failures through the whole program.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/commands/command.h"
#include "sim/inputs/file.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

const std::string kSource = FLEETSIM_SOURCE_DIR;
const std::string kLlama = kSource + "/workloads/pretrain/llama3-405b-54-days.textproto";
const std::string kFleet = " -p " + kSource + "/platforms/h100-16k-ndr.xml";

std::string Temporary(const std::string& ending) {
  return std::filesystem::path(::testing::TempDir()) /
         (std::string("run_") + ::testing::UnitTest::GetInstance()->current_test_info()->name() +
          ending);
}

std::string Output(const std::string& arguments) {
  const std::string path = Temporary(".out");
  CLI::App app;
  CommonFlags common;
  int exit_code = 0;
  AddRunCommand(app, common, exit_code);
  app.parse("run " + arguments + " -o " + path);
  EXPECT_EQ(exit_code, 0);
  const auto content = ReadFile(path);
  std::filesystem::remove(path);
  return content.value_or("");
}

nlohmann::json Result(const std::string& arguments) {
  return nlohmann::json::parse(Output(arguments + " --format json"))["results"][0];
}

// The workload with its reliability written otherwise.
std::string Workload(const std::string& reliability) {
  const auto content = ReadFile(kLlama);
  std::string text = content.value_or("");
  const std::size_t at = text.find("  reliability");
  EXPECT_NE(at, std::string::npos);
  const std::string path = Temporary(".textproto");
  std::ofstream(path) << text.substr(0, at) << reliability << "}\n";
  return path;
}

// "Higher than 90 % effective training time" (Llama team 2024, section 3.3.4), with parameters of
// other sources: within three points.
TEST(Run, EffectiveTrainingTimeOfLlama3) {
  const nlohmann::json run = Result(kLlama + kFleet)["run"];
  EXPECT_EQ(run["seeds"], 1000);
  EXPECT_THAT(run["goodput_ratio"]["p50"].get<double>(), AllOf(Ge(0.87), Le(0.93)));
  EXPECT_THAT(run["mean_time_between_stops_s"].get<double>(), DoubleNear(54 * 86400.0 / 419, 1.0));
  // Rates are those of time under load, which is less than all of it.
  const double per_day =
      run["stops"]["p50"].get<double>() * 86400 / run["duration_s"]["p50"].get<double>();
  EXPECT_THAT(per_day, AllOf(Ge(0.93 * 419 / 54), Le(419 / 54.0)));
}

TEST(Run, LadderAndTotalsAgree) {
  const nlohmann::json result = Result(kLlama + kFleet + " --seeds 50");
  const nlohmann::json& ladder = result["run"]["ladder"];
  const auto at = [&](const char* name) { return ladder[name].get<double>(); };
  EXPECT_THAT(at("scheduled_s") + at("planned_stops_s"), DoubleNear(at("calendar_s"), 1e-3));
  EXPECT_THAT(at("up_s") + at("detection_s") + at("waiting_s") + at("restart_s"),
              DoubleNear(at("scheduled_s"), 1e-3));
  EXPECT_THAT(at("productive_s") + at("checkpoints_s") + at("lost_work_s") +
                  at("fewer_replicas_s") + at("stragglers_s"),
              DoubleNear(at("up_s"), 1e-3));
  EXPECT_THAT(
      at("productive_s"),
      DoubleNear(result["steps"].get<double>() * result["step_time_s"].get<double>(), 1e-3));
  EXPECT_THAT(at("model_flops_utilization") * at("calendar_s"),
              DoubleNear(result["model_flops_utilization"].get<double>() * at("productive_s"), 1));
  // The figures beside the run are the mean run's.
  EXPECT_EQ(result["duration_s"], ladder["calendar_s"]);
  for (const char* total : {"energy_j", "cost_usd", "carbon_g"}) {
    const double mean = result["run"][total]["mean"].get<double>();
    EXPECT_THAT(result[total].get<double>(), DoubleNear(mean, 1e-9 * mean)) << total;
    EXPECT_LE(result["run"][total]["p5"], result["run"][total]["p50"]);
    EXPECT_LE(result["run"][total]["p50"], result["run"][total]["p95"]);
  }
}

TEST(Run, SeedsDecideEverything) {
  const std::string once = Output(kLlama + kFleet + " --seeds 20");
  EXPECT_EQ(Output(kLlama + kFleet + " --seeds 20"), once);
  EXPECT_NE(Output(kLlama + kFleet + " --seeds 20 --seed 100"), once);
}

// Nothing fails, nothing is planned: the steps' time, the same energy and cost as without the
// block.
TEST(Run, WithoutFailuresIsTheStepsTime) {
  const nlohmann::json plain = Result(Workload("") + kFleet);
  const nlohmann::json calm =
      Result(Workload("  reliability { failure_rate_ratio: 0 planned_interval_s: 0 }\n") + kFleet);
  EXPECT_FALSE(plain.contains("run"));
  for (const char* total : {"duration_s", "energy_j", "cost_usd", "carbon_g"}) {
    const double expected = plain[total].get<double>();
    EXPECT_THAT(calm[total].get<double>(), DoubleNear(expected, 1e-9 * expected)) << total;
  }
  EXPECT_EQ(calm["run"]["goodput_ratio"]["p5"], 1.0);
}

TEST(Run, SeedsAloneTakeTheCatalogsRecord) {
  const nlohmann::json run = Result(Workload("") + kFleet + " --seeds 10")["run"];
  EXPECT_EQ(run["failure_record"], "llama3-h100");
}

TEST(Run, TextShowsTheLadder) {
  const std::string text = Output(kLlama + kFleet + " --seeds 10");
  for (const char* part :
       {"planned stops", "scheduled", "detection and diagnosis", "up ", "lost work", "productive",
        "P95", "effective training time", "faulty GPU 3"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(Output(kLlama + kFleet + " --seeds 10 --format csv"),
              HasSubstr("run.goodput_ratio.p50,"));
}

// A fleet of four servers as `platform new` writes it, and a model with a replica on each.
std::string NewFleet(const std::string& name, const std::string& flags) {
  const std::string path = Temporary(name);
  CLI::App app;
  CommonFlags common;
  int exit_code = 0;
  AddPlatformCommand(app, common, exit_code);
  app.parse(
      "platform new --server hgx-h100 --accelerator nvidia-h100-sxm-80gb --hosts 4 "
      "--fabric infiniband-ndr --region us " +
      flags + " -o " + path);
  EXPECT_EQ(exit_code, 0);
  return path;
}

std::string SmallJob() {
  const std::string path = Temporary(".textproto");
  std::ofstream(path) << "jobs { id: \"small\" pretrain { model: \"llama3-8b\" "
                         "sequence_length: 8192 global_batch_sequences: 64 precision: BF16 "
                         "recompute: NONE stack: \"megatron-core-2024\" "
                         "parallelism { tensor: 8 micro_batch_sequences: 1 } } }\n";
  return path;
}

TEST(Run, NamesTheSlowHostAndItsCost) {
  const std::string job = SmallJob();
  nlohmann::json even = Result(job + " -p " + NewFleet("even.xml", ""));
  const std::string slow_fleet = NewFleet("slow.xml", "--slow host=hgx-h100-2,speed=0.8");
  nlohmann::json slow = Result(job + " -p " + slow_fleet);
  EXPECT_EQ(even["detail"], "folded");
  EXPECT_EQ(slow["detail"], "full");
  EXPECT_TRUE(even["slow_hosts"].empty());
  ASSERT_EQ(slow["slow_hosts"].size(), 1u);
  EXPECT_EQ(slow["slow_hosts"][0]["host"], "hgx-h100-2");
  EXPECT_THAT(slow["slow_hosts"][0]["speed_ratio"].get<double>(), DoubleNear(0.8, 1e-6));
  const double nominal = even["step_time_s"].get<double>();
  const double cost = slow["slow_hosts"][0]["cost_s"].get<double>();
  EXPECT_THAT(slow["nominal_step_time_s"].get<double>(), DoubleNear(nominal, 1e-9 * nominal));
  EXPECT_THAT(slow["step_time_s"].get<double>() - nominal, DoubleNear(cost, 1e-9));
  // A quarter more of what the slow host computes, at most of the whole step.
  const auto part = [&](const char* name) { return even["breakdown"][name].get<double>(); };
  EXPECT_GE(cost, 0.25 * (part("forward_s") + part("backward_s")) - part("data_exposed_s"));
  EXPECT_LE(cost, 0.25 * nominal);
  EXPECT_THAT(Output(job + " -p " + slow_fleet),
              HasSubstr("waiting for hgx-h100-2, at 0.8 of nominal speed: +"));
}

// What is slow and holds nobody up costs nothing: a host that the job does not use.
TEST(Run, IdleSlowHostsCostNothing) {
  const std::string job = SmallJob();
  const auto content = ReadFile(job);
  std::string text = content.value_or("");
  text.replace(text.find("tensor: 8"), 9, "tensor: 8 data: 2");
  std::ofstream(job) << text;
  nlohmann::json slow =
      Result(job + " -p " + NewFleet("slow.xml", "--slow host=hgx-h100-3,speed=0.5"));
  EXPECT_TRUE(slow["slow_hosts"].empty());
}

}  // namespace
}  // namespace fleetsim
