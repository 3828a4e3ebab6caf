// Wrong numbers in a job's reliability: one line that says where and what would be right, and
// nothing written.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sim/commands/command.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

const std::string kSource = std::filesystem::canonical(FLEETSIM_SOURCE_DIR).string();
constexpr char kWorkload[] =
    "jobs {\n"
    "  id: \"pretrain\"\n"
    "  pretrain {\n"
    "    model: \"llama3-8b\" tokens: 1e9 sequence_length: 8192 global_batch_sequences: 128\n"
    "    precision: BF16 recompute: FULL stack: \"megatron-core-2024\"\n"
    "    parallelism { tensor: 8 pipeline: 1 data: 1 micro_batch_sequences: 1 }\n"
    "  }\n";

struct Wrong {
  const char* name;
  std::string fields;  // of the reliability message, on line 8
  std::vector<std::string> message;
  int exit_code = 2;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.fields; }

std::vector<Wrong> All() {
  return {
      {"UnknownRecord",
       "record: \"llama3-h10\"",
       {":8: ", "record: unknown reliability entry", "did you mean"}},
      {"NegativeRate", "failure_rate_ratio: -1", {":8: ", "failure_rate_ratio: is -1; give 0 to"}},
      {"ShapeOfZero", "failure_shape: 0", {":8: ", "failure_shape: is 0; give 0.2 to 10"}},
      {"NegativeRepair", "repair_s: -5", {":8: ", "repair_s: is -5"}},
      {"DetectionNotANumber", "detection_s: nan", {":8: ", "detection_s: is nan"}},
      {"RestartInfinite", "restart_s: inf", {":8: ", "restart_s: is inf"}},
      {"NegativePlannedInterval", "planned_interval_s: -1", {":8: ", "planned_interval_s: is -1"}},
      {"NegativePlannedStop", "planned_stop_s: -1", {":8: ", "planned_stop_s: is -1"}},
      {"NegativeInterval",
       "checkpoint { interval_s: -1 }",
       {":8: ", "checkpoint.interval_s: is -1"}},
      {"NegativeBytes", "checkpoint { bytes: -1 }", {":8: ", "checkpoint.bytes: is -1"}},
      {"NoStorage",
       "checkpoint { storage_bandwidth_bytes_per_s: 0 }",
       {":8: ", "storage_bandwidth_bytes_per_s: is 0"}},
      {"PauseOfABlockingCheckpoint",
       "checkpoint { pause_s: 3 }",
       {":8: ", "pause_s: is given for a BLOCKING", "ASYNCHRONOUS"}},
      {"NegativeSpares", "spares { hosts: -1 }", {":8: ", "spares[0].hosts: is -1"}},
      {"SparesOfAnotherKind",
       "spares { accelerator: \"nvidia-h20-96gb\" hosts: 1 }",
       {":8: ", "is no kind of the job's hosts", "nvidia-h100-sxm-80gb"}},
      {"UnknownSpares",
       "spares { accelerator: \"nvidia-h10\" hosts: 1 }",
       {":8: ", "unknown accelerator", "did you mean"}},
      {"AbsurdSpread",
       "speed_spread_ratio: 5",
       {":8: ", "speed_spread_ratio: is 5; give 0 to 0.2"}},
      {"NoSeeds", "seeds: 0", {":8: ", "seeds: is 0; give 1 to"}},
      {"Misspelt", "spare { hosts: 1 }", {":8:", "did you mean \"spares\""}},
      {"FailuresFasterThanRestarts",
       "failure_rate_ratio: 10000 restart_s: 1e6",
       {"job pretrain on h100-1x8: the run does not get on"},
       1},
  };
}

class WrongReliability : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongReliability, OneMessageAndNothingWritten) {
  namespace fs = std::filesystem;
  const fs::path folder =
      fs::path(::testing::TempDir()) / (std::string("fleetsim.wrong.") + GetParam().name);
  fs::create_directories(folder);
  const std::string workload = folder / "bad.textproto", output = folder / "out";
  std::ofstream(workload) << kWorkload << "  reliability { " << GetParam().fields << " }\n}\n";
  CLI::App app;
  CommonFlags common;
  int exit_code = 0;
  AddRunCommand(app, common, exit_code);
  ::testing::internal::CaptureStderr();
  app.parse("run " + workload + " -p " + kSource + "/platforms/h100-1x8.xml -o " + output);
  const std::string complaint = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(exit_code, GetParam().exit_code) << complaint;
  EXPECT_EQ(std::count(complaint.begin(), complaint.end(), '\n'), 1) << complaint;
  for (const std::string& part : GetParam().message) EXPECT_THAT(complaint, HasSubstr(part));
  EXPECT_FALSE(fs::exists(output));
  fs::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Program, WrongReliability, ::testing::ValuesIn(All()),
                         [](const auto& wrong) { return std::string(wrong.param.name); });

}  // namespace
}  // namespace fleetsim
