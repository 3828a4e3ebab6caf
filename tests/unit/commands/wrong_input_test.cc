// The program itself on wrong inputs: one message that says where and what would be right, the
// exit code, and nothing written.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
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
using ::testing::IsEmpty;
using ::testing::StartsWith;

namespace fs = std::filesystem;

const std::string kSource = FLEETSIM_SOURCE_DIR;

const std::string kWorkload =
    "name: \"small\"\n"
    "jobs {\n"
    "  id: \"pretrain\"\n"
    "  pretrain {\n"
    "    model: \"llama3-8b\"\n"
    "    tokens: 1e9\n"
    "    sequence_length: 8192\n"
    "    global_batch_sequences: 128\n"
    "    precision: BF16\n"
    "    recompute: FULL\n"
    "    stack: \"megatron-core-2024\"\n"
    "    parallelism { tensor: 8 pipeline: 1 data: 1 micro_batch_sequences: 1 }\n"
    "  }\n"
    "}\n";

const std::string kHeader =
    "id,family,grade,source,model,layers,hidden,heads,kv_heads,ffn,vocab,seq,experts,accelerator,"
    "n_accel,per_node,fabric,tp,pp,vpp,dp,cp,ep,zero,mbs,gbs,precision,recompute,metric,value,unit,"
    "notes\n";
const std::string kCase =
    "a,megatron,A,somebody,GPT-1.7B,24,2304,24,24,9216,51200,2048,,A100-80GB SXM,32,8,"
    "\"8x200 Gb/s HDR\",1,1,1,32,,,0,16,512,fp16,full,tflops_per_accel_hw,137,TFLOP/s,\n";

std::string ReadText(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// `text` with the first `from` replaced, which must be there.
std::string With(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string Platform(const std::string& from, const std::string& to) {
  return With(ReadText(kSource + "/platforms/h100-1x8.xml"), from, to);
}

// One field of the workload, or of the measured case, written otherwise.
std::string Workload(const std::string& from, const std::string& to) {
  return With(kWorkload, from, to);
}
std::string Cases(const std::string& from, const std::string& to) {
  return kHeader + With(kCase, from, to);
}

struct Wrong {
  const char* name;
  std::string arguments;  // BAD stands for the file, OUT for the output
  std::string content;    // of the file BAD
  std::vector<std::string> message;
  int exit_code = 2;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.arguments; }

const std::string kRun = "run BAD -p GOOD.xml -o OUT";
const std::string kOn = "run GOOD.textproto -p BAD -o OUT";
const std::string kFlags = "run GOOD.textproto -p GOOD.xml -o OUT ";
const std::string kValidate = "validate BAD -o OUT";
const std::string kNew =
    "platform new --server hgx-h100 --accelerator nvidia-h100-sxm-80gb --fabric infiniband-ndr "
    "-o OUT ";

// A varint length of 10 GB for field 2, and four bytes.
const std::string kTenGigabytes("\x12\x80\x80\x80\x80\x28junk", 10);
// Field 2 claims 72 bytes, three follow.
const std::string kTruncated("\x12\x48\x0a\x01\x61", 5);

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

// A reliability message before the job's end.
std::string Reliability(const std::string& fields) {
  return Workload("  }\n}\n", "  }\n  reliability { " + fields + " }\n}\n");
}

std::vector<Wrong> WrongReliability() {
  return {
      {"UnknownFailureRecord",
       kRun,
       Reliability("record: \"llama3-h10\""),
       {"BAD:14: ", "record: unknown reliability entry", "did you mean"}},
      {"NegativeFailureRate",
       kRun,
       Reliability("failure_rate_ratio: -1"),
       {"BAD:14: ", "failure_rate_ratio: is -1; give 0 to"}},
      {"ShapeOfZero", kRun, Reliability("failure_shape: 0"), {"BAD:14: ", "failure_shape: is 0"}},
      {"NegativeRepair", kRun, Reliability("repair_s: -5"), {"BAD:14: ", "repair_s: is -5"}},
      {"DetectionNotANumber", kRun, Reliability("detection_s: nan"), {"BAD:14: ", "is nan"}},
      {"CheckpointWithoutStorage",
       kRun,
       Reliability("checkpoint { storage_bandwidth_bytes_per_s: 0 }"),
       {"BAD:14: ", "storage_bandwidth_bytes_per_s: is 0"}},
      {"PauseOfABlockingCheckpoint",
       kRun,
       Reliability("checkpoint { pause_s: 3 }"),
       {"BAD:14: ", "pause_s: is given for a BLOCKING", "ASYNCHRONOUS"}},
      {"NegativeSpares",
       kRun,
       Reliability("spares { hosts: -1 }"),
       {"BAD:14: ", "spares[0].hosts: is -1"}},
      {"SparesOfAnotherKind",
       kRun,
       Reliability("spares { accelerator: \"nvidia-h20-96gb\" hosts: 1 }"),
       {"BAD:14: ", "is no kind of the job's hosts", "nvidia-h100-sxm-80gb"}},
      {"AbsurdSpread",
       kRun,
       Reliability("speed_spread_ratio: 5"),
       {"BAD:14: ", "speed_spread_ratio: is 5; give 0 to 0.2"}},
      {"NoSeeds", kRun, Reliability("seeds: 0"), {"BAD:14: ", "seeds: is 0; give 1 to"}},
      {"SeedsOfZero", kFlags + "--seeds 0", "", {"--seeds: Value 0 not in range"}},
      {"FailuresFasterThanRestarts",
       kRun,
       Reliability("failure_rate_ratio: 10000 restart_s: 1e6"),
       {"job pretrain on h100-1x8: the run does not get on"},
       1},
  };
}

std::vector<Wrong> WrongPlatforms() {
  const std::string lonely =
      "<cluster id=\"leaf1\" prefix=\"b-\" radical=\"0-0\" suffix=\"\" router_id=\"leaf1_switch\" "
      "speed=\"989Tf\" core=\"8\" bw=\"400GBps\" lat=\"1.4us\" sharing_policy=\"SPLITDUPLEX\" "
      "loopback_bw=\"450GBps\" loopback_lat=\"5us\">"
      "<prop id=\"accelerator\" value=\"nvidia-h100-sxm-80gb\"/>"
      "<prop id=\"server\" value=\"hgx-h100\"/><prop id=\"fabric\" value=\"infiniband-ndr\"/>"
      "<prop id=\"nics\" value=\"8\"/></cluster></zone>";
  const std::string check = "platform check BAD";
  return {
      {"MissingPlatform",
       "run GOOD.textproto -p nowhere.xml -o OUT",
       "",
       {"nowhere.xml: cannot be"}},
      {"FolderAsPlatform", "platform check .", "", {".: is a folder"}},
      {"WorkloadAsPlatform", kOn, kWorkload, {"BAD:", "is not XML"}},
      {"UnclosedElement", kOn, Platform("</cluster>", ""), {"BAD:", "is not XML"}},
      {"UnknownAccelerator",
       kOn,
       Platform("sxm-80gb\"", "sxm-8gb\""),
       {"BAD:7: ", "accelerator: unknown", "did you mean"}},
      {"SpeedAgainstCatalog",
       kOn,
       Platform("989Tf", "1989Tf"),
       {"BAD:7: ", "speed: is 1989Tf", "is 989Tf"}},
      {"SizeAgainstCatalog",
       check,
       Platform("core=\"8\"", "core=\"9\""),
       {"BAD:7: ", "core: is 9", "has 8"}},
      {"NegativeSpeed", check, Platform("989Tf", "-989Tf"), {"BAD:7: ", "speed: is \"-989Tf\""}},
      {"SpeedNotANumber", check, Platform("989Tf", "nanTf"), {"BAD:7: ", "a number with a unit"}},
      {"ZeroHosts", check, Platform("\"0-0\"", "\"1-0\""), {"BAD:7: ", "radical: is \"1-0\""}},
      {"NoRoute", check, Platform("</zone>", lonely), {"BAD:", "no route joins \"leaf1\""}},
      {"UnknownFormat", "platform show GOOD.xml -o OUT --format xml", "", {"--format: ", "json"}},
  };
}

std::vector<Wrong> WrongCases() {
  return {
      {"MissingCases", "validate nowhere.csv -o OUT", "", {"nowhere.csv: cannot be opened"}},
      {"EmptyCases", kValidate, "", {"BAD: empty file; a header line"}},
      {"MissingColumn",
       kValidate,
       With(kHeader, ",gbs", ",batch") + kCase,
       {"BAD:1: gbs: column is missing"}},
      {"ShortRow", kValidate, Cases(",TFLOP/s,\n", "\n"), {"BAD:2: 30 cells; the header has 32"}},
      {"TextForANumber",
       kValidate,
       Cases(",24,2304", ",forty,2304"),
       {"BAD:2: layers: 'forty'; a whole"}},
      {"NoHeads",
       kValidate,
       Cases("2304,24", "2304,0"),
       {"BAD:2: heads: '0'; a whole number from 1"}},
      {"NegativeDegree", kValidate, Cases("HDR\",1", "HDR\",-1"), {"BAD:2: tp: '-1'"}},
      {"AbsurdLayers", kValidate, Cases(",24,2304", ",1e9,2304"), {"BAD:2: layers: "}},
      {"MeasuredNotANumber", kValidate, Cases(",137,", ",nan,"), {"BAD:2: value: 'nan'; a finite"}},
      {"MeasuredZero",
       kValidate,
       Cases(",137,", ",0,"),
       {"BAD:2: value: '0'; a finite number above 0"}},
      {"ForeignUnit",
       kValidate,
       Cases(",TFLOP/s", ",ms"),
       {"BAD:2: unit: 'ms'; ", "is in TFLOP/s"}},
      {"RowsThatDiffer",
       kValidate,
       kHeader + kCase + With(kCase, ",24,2304", ",48,2304"),
       {"BAD:3: layers: '48'; what line 2"}},
      {"ExpertsOfATokenNotANumber",
       kValidate,
       With(kHeader, "experts,", "experts,topk,") + With(kCase, ",2048,,", ",2048,,two,"),
       {"BAD:2: topk: 'two'; a whole number from 1"}},
      {"NulByte", kValidate, Cases("somebody", std::string("some\0body", 9)), {"BAD:2: NUL byte"}},
      {"UnclosedQuote", kValidate, kHeader + "\"abc\n", {"BAD:2: quoted cell is never closed"}},
      {"UnknownFamily",
       kValidate + " --family nope",
       Cases("137", "137"),
       {"BAD: no case is of this"}},
      {"LimitNotANumber",
       kValidate + " --max-mean-error x",
       Cases("137", "137"),
       {"--max-mean-error"}},
      {"LimitBelowZero",
       kValidate + " --max-mean-error -3",
       Cases("137", "137"),
       {"--max-mean-error: is -3"}},
      {"RatioOfUnknownCases",
       "validate " + kSource + "/tests/validation/training.csv --ratios BAD -o OUT",
       "name,numerator,denominator,metric,source\nx,nobody,nobody,,me\n",
       {"BAD:2: numerator: 'nobody'; the id of a measured configuration"}},
      {"RatioWithoutSource",
       "validate " + kSource + "/tests/validation/training.csv --ratios BAD -o OUT",
       "name,numerator,denominator,metric\n",
       {"BAD:1: source: column is missing"}},
      {"RatioOfUnmeasuredMetric",
       "validate " + kSource + "/tests/validation/training.csv --ratios BAD -o OUT",
       "name,numerator,denominator,metric,source\n"
       "x,korth-22b-full,korth-22b-sp-selective,mfu,me\n",
       {"BAD:2: metric: 'mfu'; a metric that was measured of korth-22b-full"}},
      {"PlotNowhere",
       kValidate + " --plot nowhere/x.svg",
       Cases("137", "137"),
       {"nowhere/x.svg: cannot be"}},
  };
}

std::vector<Wrong> WrongFlags() {
  return {
      {"UnknownCommand", "simulate", "", {"unknown command \"simulate\""}},
      {"UnknownFlag", kFlags + "--platfrom x", "", {"did you mean \"--platform\"?"}},
      {"NoPlatform", "run GOOD.textproto", "", {"--platform is required"}},
      {"UnknownReportFormat", kFlags + "--format yaml", "", {"--format: yaml not in", "json"}},
      {"PueBelowOne", kFlags + "--pue 0.5", "", {"--pue: found 0.5; expected"}},
      {"PueNotANumber", kFlags + "--pue good", "", {"--pue = good"}},
      {"UnknownPrices", kFlags + "--prices mine", "", {"--prices: unknown prices entry \"mine\""}},
      {"NoCatalog",
       kFlags + "--catalog nowhere",
       "",
       {"nowhere: the catalog that --catalog names"}},
      {"OutputInNoFolder",
       "run GOOD.textproto -p GOOD.xml -o nowhere/x",
       "",
       {"nowhere/x: cannot be created", "writable"}},
      {"OutputIsAFolder", "run GOOD.textproto -p GOOD.xml -o .", "", {".: is a folder"}},
      {"UnknownServer",
       "platform new --server hgx-h1000 --fabric infiniband-ndr --hosts 1 -o OUT",
       "",
       {"--server: unknown server", "did you mean"}},
      {"NoHosts", kNew + "--hosts 0", "", {"hosts: is 0; 1 to 1,000,000"}},
      {"HalfAHost", kNew + "--hosts 4.5", "", {"--hosts = 4.5"}},
      {"OversubscriptionZero",
       kNew + "--hosts 4 --oversubscription 0",
       "",
       {"oversubscription: is 0; "}},
      {"NegativeNics", kNew + "--hosts 4 --nics -2", "", {"nics: is -2; "}},
      {"CapAboveTdp",
       kNew + "--hosts 4 --power-cap 800",
       "",
       {"power-cap: is 800 W; without speed, above the idle power and at most the TDP", "700 W"}},
      {"CapAtIdle", kNew + "--hosts 4 --power-cap 75", "", {"power-cap: is 75 W; "}},
      {"CapBesideSpeed",
       kNew + "--hosts 4 --power-cap 500 --speed 800Tf",
       "",
       {"power-cap: is 500 W; without speed"}},
      {"SpeedZero", kNew + "--hosts 4 --speed 0Tf", "", {"--speed: is 0Tf; above 0"}},
      {"UnknownEntry",
       "catalog show h10 -o OUT",
       "",
       {"nothing in the catalog is called \"h10\"", "did you mean"}},
      {"UnknownColumn",
       "catalog list --sort tdp -o OUT",
       "",
       {"--sort: ", "did you mean \"tdp_w\""}},
  };
}

std::vector<Wrong> All() {
  std::vector<Wrong> all;
  for (const auto& some :
       {WrongWorkloads(), WrongReliability(), WrongPlatforms(), WrongCases(), WrongFlags()}) {
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
                                "/platforms/catalog' '" FLEETSIM_PROGRAM "' " +
                                GetParam().arguments + " >'" + streams + ".out' 2>'" + streams +
                                ".err'";
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
