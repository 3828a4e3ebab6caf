// The program itself on wrong fine-tuning jobs: one line that says where and what would be right,
// exit code 2, nothing written.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

const std::string kSource = fs::canonical(FLEETSIM_SOURCE_DIR).string();
const std::string kProgram = fs::absolute(FLEETSIM_PROGRAM).string();

// `tuning` stands in line 9.
std::string Workload(const std::string& tuning) {
  return "jobs {\n"
         "  id: \"tune\"\n"
         "  fine_tune {\n"
         "    training {\n"
         "      model: \"llama3-8b\" sequence_length: 8192 global_batch_sequences: 127\n"
         "      precision: BF16 recompute: FULL stack: \"megatron-core-2024\"\n"
         "      parallelism { tensor: 8 }\n"
         "    }\n    " +
         tuning + "\n  }\n}\n";
}

struct Wrong {
  const char* name;
  std::string tuning, message;
  int line = 9;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.tuning; }

class WrongFineTuning : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongFineTuning, OneMessageAndNothingWritten) {
  const fs::path folder =
      fs::path(::testing::TempDir()) / (std::string("fleetsim.tune.") + GetParam().name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::ofstream(folder / "bad.textproto") << Workload(GetParam().tuning);
  const std::string command = "cd '" + folder.string() + "' && FLEETSIM_CATALOG='" + kSource +
                              "/platforms/catalog' '" + kProgram + "' run bad.textproto -p '" +
                              kSource + "/platforms/h100-1x8.xml' -o out 2> err";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 2);
  std::ostringstream text;
  text << std::ifstream(folder / "err").rdbuf();
  EXPECT_THAT(text.str(),
              AllOf(StartsWith("fleetsim: bad.textproto:" + std::to_string(GetParam().line) + ": "),
                    EndsWith("\n"), HasSubstr(GetParam().message)));
  const std::string complaint = text.str();
  EXPECT_EQ(std::count(complaint.begin(), complaint.end(), '\n'), 1) << complaint;
  EXPECT_FALSE(fs::exists(folder / "out"));
  fs::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(
    Program, WrongFineTuning,
    ::testing::ValuesIn(std::vector<Wrong>{
        {"RankZero", "adapter { rank: 0 modules: 'q_proj' }", "rank: is 0"},
        {"RankOfTheMatrix", "adapter { rank: 4096 modules: 'q_proj' }", "rank: is 4096"},
        {"NoModules", "adapter { rank: 8 }", "modules: is missing"},
        {"UnknownModule", "adapter { rank: 8 modules: 'qproj' }", "\"qproj\" is no module"},
        {"ModuleOfAnotherModel", "adapter { rank: 8 modules: 'kv_b_proj' }",
         "no module of llama3-8b"},
        {"ModuleTwice", "adapter { rank: 8 modules: ['q_proj', 'linear_qkv'] }", "already"},
        {"MoreFrozenLayersThanLayers", "frozen_layers: 64", "frozen_layers: is 64"},
        {"QuantisedAndTrained", "frozen_storage: NF4_STORED", "every matrix of the model"},
        {"LengthsInNoWay", "lengths { }", "in 0 ways"},
        {"LengthOfZero", "lengths { tokens: 0 }", "tokens[0]: is 0"},
        {"WeightsThatDoNotMatch", "lengths { tokens: 5 weight: [1, 2] }", "weight: has 2"},
        {"PercentileBelowTheMiddle",
         "lengths { log_normal { mean_tokens: 9 percentile_ratio: 0.1 percentile_tokens: 9 } }",
         "percentile_ratio: is 0.1"},
        {"UnknownSample", "lengths { sample: 'chat' }", "\"chat\" is no file"},
        {"PackedWithoutLengths", "packed: true", "packed: is given without lengths"},
        {"PaddedBeyondTheSequence", "lengths { tokens: 5 } pad_to_multiple: 9000",
         "pad_to_multiple: is 9000"},
        {"PairsOfAnOddBatch", "preference { }", "global_batch_sequences: is 127", 5},
        {"EpochsOfNothing", "epochs: 3", "epochs: is given without examples"},
        {"NegativeExamples", "examples: -1", "examples: is -1"},
    }),
    [](const auto& wrong) { return std::string(wrong.param.name); });

}  // namespace
}  // namespace fleetsim
