// Wrong platforms, measured cases and flags, and what the tests of wrong inputs share.
#ifndef TESTS_UNIT_COMMANDS_WRONG_INPUTS_H_
#define TESTS_UNIT_COMMANDS_WRONG_INPUTS_H_

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fleetsim {

namespace fs = std::filesystem;

inline const std::string kSource = fs::canonical(FLEETSIM_SOURCE_DIR).string();
inline const std::string kProgram = fs::absolute(FLEETSIM_PROGRAM).string();

inline const std::string kWorkload =
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

inline const std::string kHeader =
    "id,family,grade,source,model,layers,hidden,heads,kv_heads,ffn,vocab,seq,experts,accelerator,"
    "n_accel,per_node,fabric,tp,pp,vpp,dp,cp,ep,zero,mbs,gbs,precision,recompute,metric,value,unit,"
    "notes\n";
inline const std::string kCase =
    "a,megatron,A,somebody,GPT-1.7B,24,2304,24,24,9216,51200,2048,,A100-80GB SXM,32,8,"
    "\"8x200 Gb/s HDR\",1,1,1,32,,,0,16,512,fp16,full,tflops_per_accel_hw,137,TFLOP/s,\n";

inline std::string ReadText(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// `text` with the first `from` replaced, which must be there.
inline std::string With(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

inline std::string Platform(const std::string& from, const std::string& to) {
  return With(ReadText(kSource + "/platforms/h100-1x8.xml"), from, to);
}

// One field of the workload, or of the measured case, written otherwise.
inline std::string Workload(const std::string& from, const std::string& to) {
  return With(kWorkload, from, to);
}
inline std::string Cases(const std::string& from, const std::string& to) {
  return kHeader + With(kCase, from, to);
}

struct Wrong {
  const char* name;
  std::string arguments;  // BAD stands for the file, OUT for the output
  std::string content;    // of the file BAD
  std::vector<std::string> message;
  int exit_code = 2;
};

inline void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.arguments; }

inline const std::string kRun = "run BAD -p GOOD.xml -o OUT";
inline const std::string kOn = "run GOOD.textproto -p BAD -o OUT";
inline const std::string kFlags = "run GOOD.textproto -p GOOD.xml -o OUT ";
inline const std::string kValidate = "validate BAD -o OUT";
inline const std::string kNew =
    "platform new --server hgx-h100 --accelerator nvidia-h100-sxm-80gb --fabric infiniband-ndr "
    "-o OUT ";

// A varint length of 10 GB for field 2, and four bytes.
const std::string kTenGigabytes("\x12\x80\x80\x80\x80\x28junk", 10);
// Field 2 claims 72 bytes, three follow.
const std::string kTruncated("\x12\x48\x0a\x01\x61", 5);

inline std::vector<Wrong> WrongPlatforms() {
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

inline std::vector<Wrong> WrongCases() {
  return {
      {"MissingCases", "validate nowhere.csv -o OUT", "", {"nowhere.csv: cannot be opened"}},
      {"EmptyCases", kValidate, "", {"BAD: is empty; a file with something in it"}},
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

inline std::vector<Wrong> WrongFlags() {
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

}  // namespace fleetsim

#endif  // TESTS_UNIT_COMMANDS_WRONG_INPUTS_H_
