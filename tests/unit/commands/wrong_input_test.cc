// The program itself on wrong inputs: one message that says where and what would be right, the
// exit code, and nothing written.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "wrong_inputs.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<Wrong> WrongWorkloads() {
  return {
      {"MissingWorkload", "run nowhere.textproto -p GOOD.xml -o OUT", "", {"nowhere.textproto: "}},
      {"FolderAsWorkload", "run . -p GOOD.xml -o OUT", "", {".: is a folder; give the path"}},
      {"EmptyWorkload", kRun, "", {"BAD: is empty"}},
      {"TruncatedBinary", kRun, kTruncated, {"BAD: jobs: ", "truncated"}},
      {"TenGigabytePrefix", kRun, kTenGigabytes, {"BAD: jobs: ", "10737418240 bytes"}},
      {"NoJobs", kRun, "name: \"x\"\n", {"BAD: jobs: is missing; give at least one job"}},
      {"MisspeltField", kRun, Workload("tokens", "tokns"), {"BAD:6:", "did you mean \"tokens\""}},
      {"NegativeLength", kRun, Workload("8192", "-1"), {"BAD:7: ", "sequence_length: is -1; give"}},
      {"TokensNotANumber", kRun, Workload("1e9", "nan"), {"BAD:6: ", "tokens: is nan; a finite"}},
      {"BatchOfZero", kRun, Workload("128", "0"), {"BAD:8: ", "global_batch_sequences: is 0"}},
      {"LengthBeyondAnInteger", kRun, Workload("8192", "99999999999"), {"BAD:7:", "out of range"}},
      {"UnknownModel", kRun, Workload("llama3-8b", "llama3-8bb"), {"BAD:5: ", "did you mean"}},
      {"UnknownStack",
       kRun,
       Workload("core-2024", "core-2042"),
       {"BAD:11: ", "megatron-core-2024"}},
      {"ExpertsOfADenseModel",
       kRun,
       Workload("data: 1", "data: 1 expert: 8"),
       {"BAD:12: ", "expert: is 8", "llama3-8b has no experts"}},
      {"DualPipeOfOneStage",
       kRun,
       Workload("data: 1", "data: 1 dual_pipe: true"),
       {"BAD:12: ", "dual_pipe", "an even pipeline"}},
      {"TensorDividesOverNoHosts",
       kRun,
       With(Workload("llama3-8b", "llama3-70b"), "tensor: 8", "tensor: 16"),
       {"BAD:12: ", "data: tensor 16", "at most the 0 that"}},
      {"TensorUnevenOnHosts",
       kRun,
       With(With(Workload("llama3-8b", "gpt3-175b"), "8192", "2048"), "tensor: 8", "tensor: 12"),
       {"BAD:12: ", "tensor: 12 accelerators over hosts of 8", "at most 8, or a multiple of it"}},
      {"ExpertsDivideNoRanks",
       kRun,
       With(Workload("llama3-8b", "mixtral-8x7b"), "tensor: 8 pipeline: 1", "tensor: 4 expert: 8"),
       {"BAD:12: ", "expert", "tensor, data and context ranks of a pipeline stage"}},
      {"UnknownPrecision", kRun, Workload("BF16", "BF15"), {"BAD:9:", "precision", "BF15"}},
      {"PrecisionNotModelled", kRun, Workload("BF16", "TF32"), {"BAD:9: ", "BF16, FP16, FP8"}},
      {"FormatTheAcceleratorLacks",
       kRun,
       Workload("BF16", "FP4"),
       {"nvidia-h100-sxm-80gb has no FP4", "it has FP32, TF32, BF16, FP16, FP8"},
       1},
      {"ScalingTheAcceleratorLacks",
       kRun,
       Workload("BF16", "FP8 precision_recipe { scaling: MX }"),
       {"nvidia-h100-sxm-80gb has no FP8 with MX scaling"},
       1},
      {"RecipeWithoutNarrowFormat",
       kRun,
       Workload("BF16", "BF16 precision_recipe { scaling: PER_TENSOR }"),
       {"BAD:9: ", "precision_recipe: is given with BF16"}},
      {"ScalingOfAnotherFormat",
       kRun,
       Workload("BF16", "FP8 precision_recipe { scaling: NV }"),
       {"BAD:9: ", "scaling: is NV; PER_TENSOR_DELAYED"}},
      {"UnknownScaling",
       kRun,
       Workload("BF16", "FP8 precision_recipe { scaling: PER_PLANET }"),
       {"BAD:9:", "PER_PLANET"}},
      {"MoreWideLayersThanLayers",
       kRun,
       Workload("BF16", "FP8 precision_recipe { first_wide_layers: 30 last_wide_layers: 3 }"),
       {"BAD:9: ", "last_wide_layers: is 3"}},
      {"AttentionInFourBits",
       kRun,
       Workload("BF16", "FP4 precision_recipe { narrow_attention: true }"),
       {"BAD:9: ", "narrow_attention: is true with FP4"}},
      {"TensorDividesNoHeads", kRun, Workload("tensor: 8", "tensor: 3"), {"BAD:12: ", "heads"}},
      {"MoreStagesThanLayers",
       kRun,
       Workload("pipeline: 1", "pipeline: 64"),
       {"BAD:12: ", "32 layers"}},
      {"BatchDoesNotDivide",
       kRun,
       Workload("sequences: 1 }", "sequences: 3 }"),
       {"BAD:12: ", "the global batch of 128"}},
      {"UnknownSchedule",
       kRun,
       Workload("tensor: 8", "tensor: 8 schedule: GPIP"),
       {"BAD:12:", "schedule", "GPIP"}},
      {"ZeroBubbleOfSeveralChunks",
       kRun,
       Workload("tensor: 8 pipeline: 1",
                "tensor: 4 pipeline: 2 virtual_stages: 2 schedule: ZERO_BUBBLE_H1"),
       {"BAD:12: ", "schedule: has one chunk a rank, virtual_stages is 2; give"}},
      {"UlyssesDividesNoHeads",
       kRun,
       Workload("tensor: 8", "tensor: 8 context: 8 context_method: ULYSSES"),
       {"BAD:12: ", "context_method: is ULYSSES over tensor x context = 64", "heads"}},
      {"NegativePrefetch",
       kRun,
       Workload("tensor: 8", "tensor: 8 prefetched_layers: -1"),
       {"BAD:12: ", "prefetched_layers: is -1; give"}},
      {"OffloadAboveOne",
       kRun,
       Workload("tensor: 8", "tensor: 8 optimizer_offload_ratio: 1.5"),
       {"BAD:12: ", "optimizer_offload_ratio: is 1.5; give"}},
      {"OffloadOfNothingANumber",
       kRun,
       Workload("tensor: 8", "tensor: 8 activation_offload_ratio: nan"),
       {"BAD:12: ", "activation_offload_ratio: is nan"}},
      {"MoreReplicasThanFleet",
       kRun,
       Workload("data: 1", "data: 4"),
       {"BAD:12: ", "at most the 8"}},
      {"TooManyMicroBatches", kRun, Workload("128", "1000000000"), {"BAD:12: ", "at most 100000"}},
      {"DuplicateJobs",
       kRun,
       kWorkload + kWorkload.substr(kWorkload.find("jobs")),
       {"BAD:16: ", "jobs[1]"}},
      {"DoesNotFit",
       kRun,
       Workload("llama3-8b", "llama3-405b"),
       {"job pretrain on h100-1x8: does not fit", "optimizer", "change"},
       1},
  };
}

std::vector<Wrong> All() {
  std::vector<Wrong> all;
  for (const auto& some : {WrongWorkloads(), WrongPlatforms(), WrongCases(), WrongFlags()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

class WrongInput : public ::testing::TestWithParam<Wrong> {
 protected:
  WrongInput()
      : folder_(fs::path(::testing::TempDir()) /
                (std::string("fleetsim.wrong.") + GetParam().name)) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Write("GOOD.textproto", kWorkload);
    Write("GOOD.xml", ReadText(kSource + "/platforms/h100-1x8.xml"));
    if (GetParam().arguments.find("BAD") != std::string::npos) Write("BAD", GetParam().content);
  }
  ~WrongInput() override { fs::remove_all(folder_); }

  void Write(const char* name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  // Runs in the folder, with the two streams in files outside of it; the exit code.
  int Run() {
    const std::string streams = folder_.string();
    const std::string command = "cd '" + streams + "' && FLEETSIM_CATALOG='" + kSource +
                                "/platforms/catalog' '" + kProgram + "' " + GetParam().arguments +
                                " >'" + streams + ".out' 2>'" + streams + ".err'";
    const int status = std::system(command.c_str());
    output_ = ReadText(streams + ".out");
    complaint_ = ReadText(streams + ".err");
    fs::remove(streams + ".out");
    fs::remove(streams + ".err");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  fs::path folder_;
  std::string output_, complaint_;
};

TEST_P(WrongInput, OneMessageAndNothingWritten) {
  const std::vector<std::string> before = Files();
  EXPECT_EQ(Run(), GetParam().exit_code) << complaint_;
  EXPECT_THAT(complaint_, AllOf(StartsWith("fleetsim: "), EndsWith("\n")));
  EXPECT_EQ(std::count(complaint_.begin(), complaint_.end(), '\n'), 1) << complaint_;
  for (const std::string& part : GetParam().message) EXPECT_THAT(complaint_, HasSubstr(part));
  EXPECT_THAT(output_, IsEmpty());
  EXPECT_EQ(Files(), before);
}

INSTANTIATE_TEST_SUITE_P(Program, WrongInput, ::testing::ValuesIn(All()),
                         [](const auto& wrong) { return std::string(wrong.param.name); });

}  // namespace
}  // namespace fleetsim
