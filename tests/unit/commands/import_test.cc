// fleetsim import: its summary in every form; wrong traces and flags: one line that says where and
// what would be right, and nothing written.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/commands/command.h"

namespace fleetsim {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Outcome {
  int exit_code = 0;
  std::string output, complaint;
};

// `fleetsim import ARGS`; CLI11's own errors of flags as main.cc makes them exit code 2.
Outcome Import(const std::string& arguments) {
  CLI::App app;
  CommonFlags common;
  Outcome outcome;
  AddImportCommand(app, common, outcome.exit_code);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  try {
    app.parse("import " + arguments);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "fleetsim: %s\n", error.what());
    outcome.exit_code = 2;
  }
  outcome.output = ::testing::internal::GetCapturedStdout();
  outcome.complaint = ::testing::internal::GetCapturedStderr();
  return outcome;
}

std::string Sample(const std::string& name) {
  return std::string(FLEETSIM_SOURCE_DIR) + "/workloads/traces/" + name;
}

TEST(ImportCommand, SummaryAsTextJsonAndCsv) {
  const Outcome text = Import("mooncake " + Sample("mooncake.jsonl"));
  EXPECT_EQ(text.exit_code, 0) << text.complaint;
  EXPECT_THAT(text.output, AllOf(HasSubstr("300 requests in "), HasSubstr("prefix share"),
                                 HasSubstr("0 bad rows, 0 failed requests, of 300 rows read")));
  EXPECT_THAT(text.complaint, IsEmpty());
  const Outcome json = Import("azure-llm --format json " + Sample("azure-llm.csv"));
  const auto rows = nlohmann::json::parse(json.output);
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0]["requests"], 300);
  EXPECT_EQ(rows[0]["first_arrival_s"], 0);
  EXPECT_TRUE(rows[0]["prefix_share_ratio"].is_null());
  EXPECT_GT(rows[0]["input_tokens_p90"], rows[0]["input_tokens_p50"]);
  const Outcome csv = Import("csv --format csv " + Sample("plain.csv"));
  EXPECT_EQ(std::count(csv.output.begin(), csv.output.end(), '\n'), 2);
  EXPECT_THAT(csv.output, StartsWith("trace,rows,bad_rows,failed_rows,requests,"));
}

struct Wrong {
  const char* name;
  std::string arguments;  // BAD stands for the file, OUT for the output
  std::string content;    // of the file BAD
  std::vector<std::string> message;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.arguments; }

constexpr char kPlain[] = "csv BAD -o OUT";
constexpr char kMooncake[] = "mooncake BAD -o OUT";
const std::string kHeader = "arrival_s,input_tokens,output_tokens\n";

std::string Kimi(const std::string& fields) {
  return "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 5, \"hash_ids\": [0, "
         "1]}\n{" +
         fields + "}\n";
}

std::vector<Wrong> WrongCsv() {
  const std::string azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  return {
      {"MissingFile", "csv nowhere.csv -o OUT", "", {"nowhere.csv: cannot be opened"}},
      {"Folder", "csv . -o OUT", "", {".: is a folder; give a file's path"}},
      {"Empty", kPlain, "", {"BAD: is empty; a file with something in it"}},
      {"HeaderAlone", kPlain, kHeader, {"BAD: no request is left of 0 rows"}},
      {"MissingColumn",
       kPlain,
       "arrival_s,input_tokens\n1,2\n",
       {"BAD:1: output_tokens: column is missing; the header has arrival_s,input_tokens"}},
      {"ColumnTwice",
       kPlain,
       "arrival_s,arrival_s,input_tokens,output_tokens\n",
       {"BAD:1: arrival_s: column stands twice"}},
      {"ShortRow", kPlain, kHeader + "1,2,3\n1,2\n", {"BAD:3: 2 cells; the header has 3"}},
      {"NegativeLength", kPlain, kHeader + "1,-2,3\n", {"BAD:2: input_tokens: is '-2'; a whole"}},
      {"ZeroLength", kPlain, kHeader + "1,2,0\n", {"BAD:2: output_tokens: is '0'; a whole"}},
      {"FractionOfAToken", kPlain, kHeader + "1,2.5,3\n", {"BAD:2: input_tokens: is '2.5'"}},
      {"LengthOverflows",
       kPlain,
       kHeader + "1,2147483648,3\n",
       {"BAD:2: input_tokens: is '2147483648'; ", "1 to 2147483647"}},
      {"TextForALength", kPlain, kHeader + "1,many,3\n", {"BAD:2: input_tokens: is 'many'"}},
      {"TimeNotANumber", kPlain, kHeader + "nan,1,3\n", {"BAD:2: arrival_s: is 'nan'; a finite"}},
      {"TimeInfinite", kPlain, kHeader + "1e999,1,3\n", {"BAD:2: arrival_s: is '1e999'"}},
      {"TimeNegative", kPlain, kHeader + "-1,1,3\n", {"BAD:2: arrival_s: is '-1'"}},
      {"TimeGoesBack",
       kPlain,
       kHeader + "5,1,3\n4,1,3\n",
       {"BAD:3: arrives at 4 s, before the row that precedes it (5 s); rows in order"}},
      {"NulByte", kPlain, kHeader + std::string("1,\0002,3\n", 7), {"BAD:2: NUL byte; a text"}},
      {"UnclosedQuote", kPlain, kHeader + "1,\"2,3\n", {"BAD:2: quotes that do not close"}},
      {"WrongDate",
       "azure-llm BAD -o OUT",
       azure + "2023-13-16 18:17:03.97,4808,10\n",
       {"BAD:2: TIMESTAMP: is '2023-13-16 18:17:03.97'; a date such as"}},
      {"DateGoesBack",
       "azure-llm BAD -o OUT",
       azure + "2023-11-16 18:17:03.5,4808,10\n2023-11-16 18:17:03.0,1,1\n",
       {"BAD:3: arrives at -0.5 s, before"}},
      {"AnotherFormsHeader",
       "burstgpt BAD -o OUT",
       kHeader + "1,2,3\n",
       {"BAD:1: Timestamp: column is missing"}},
      {"SessionNotANumber",
       "burstgpt BAD -o OUT",
       "Timestamp,Session ID,Request tokens,Response tokens\n1,me,2,3\n",
       {"BAD:2: Session ID: is 'me'; a whole number"}},
  };
}

std::vector<Wrong> WrongJson() {
  return {
      {"NotJson", kMooncake, kHeader, {"BAD:1: is not JSON; one whole JSON object a line"}},
      {"CutJson", kMooncake, Kimi("\"timestamp\": 1").substr(0, 90), {"BAD:2: is not JSON"}},
      {"NoObject", kMooncake, "[1, 2]\n", {"BAD:1: is no JSON object"}},
      {"MissingField",
       kMooncake,
       Kimi("\"timestamp\": 1, \"output_length\": 3"),
       {"BAD:2: input_length: is missing"}},
      {"QuotedNumber",
       kMooncake,
       Kimi("\"timestamp\": 1, \"input_length\": \"9\", \"output_length\": 3"),
       {"BAD:2: input_length: is '\"9\"'; a whole number of tokens"}},
      {"NegativeHash",
       kMooncake,
       Kimi("\"timestamp\": 1, \"input_length\": 9, \"output_length\": 3, \"hash_ids\": [-1]"),
       {"BAD:2: hash_ids: holds -1; whole numbers from 0"}},
      {"HashesNoList",
       kMooncake,
       Kimi("\"timestamp\": 1, \"input_length\": 9, \"output_length\": 3, \"hash_ids\": 4"),
       {"BAD:2: hash_ids: is no list"}},
      {"MoreBlocksThanTokens",
       kMooncake,
       Kimi("\"timestamp\": 1, \"input_length\": 9, \"output_length\": 3, \"hash_ids\": [1, 2]"),
       {"BAD:2: hash_ids: has 2; at most 1: 9 tokens in blocks of 512"}},
      {"NoChatId", "qwen-bailian BAD -o OUT", Kimi(""), {"BAD:1: chat_id: is missing"}},
  };
}

std::vector<Wrong> WrongFilesAndFlags() {
  const std::string rows = kHeader + "1,2,3\n";
  return {
      {"NameSaysXz",
       "csv BAD.xz -o OUT",
       rows,
       {"BAD.xz: byte 0: does not begin as the name's .xz"}},
      {"NameSaysGzip", "csv BAD.gz -o OUT", rows, {"BAD.gz: byte 0: does not begin"}},
      {"Zstd",
       kPlain,
       "\x28\xb5\x2f\xfd rest",
       {"BAD: is compressed by zstd; decompress it first"}},
      {"CutGzip", kPlain, "\x1f\x8b\x08", {"BAD: byte 3: compressed data ends in the middle"}},
      {"DamagedGzip", kPlain, "\x1f\x8bjunkjunkjunk", {"BAD: byte ", "data is damaged"}},
      {"CutXz",
       kPlain,
       std::string("\xfd"
                   "7zXZ\0\0",
                   7),
       {"BAD: byte 7: compressed data ends"}},
      {"LineWithoutEnd", kPlain, std::string(17 << 20, 'x'), {"BAD:1: line of more than 16 MiB"}},
      {"UnknownFormat",
       "azure BAD -o OUT",
       rows,
       {"FORMAT: unknown format \"azure\"", "azure-llm, burstgpt, csv, mooncake, qwen-bailian"}},
      {"NoFormat", "", "", {"FORMAT is required"}},
      {"StartNegative", "csv BAD -o OUT --start=-1", rows, {"--start: is -1; seconds, 0 or more"}},
      {"StartBehindTheEnd",
       "csv BAD -o OUT --start 2",
       rows,
       {"BAD: no request is left of 1 rows"}},
      {"DurationZero", "csv BAD -o OUT --duration 0", rows, {"--duration: is 0; seconds above 0"}},
      {"RateScaleZero", "csv BAD -o OUT --rate-scale 0", rows, {"--rate-scale: is 0; a factor"}},
      {"RateScaleNotANumber", "csv BAD -o OUT --rate-scale nan", rows, {"--rate-scale: is nan"}},
      {"LimitZero", "csv BAD -o OUT --limit 0", rows, {"--limit: is 0; requests, 1 or more"}},
      {"OutputIsAFolder", "csv BAD -o .", rows, {".: is a folder; give the path of a file to"}},
      {"OutputInNoFolder", "csv BAD -o nowhere/x", rows, {"nowhere/x: cannot be created"}},
      {"UnknownReport", "csv BAD -o OUT --format yaml", rows, {"--format: yaml not in"}},
  };
}

std::vector<Wrong> All() {
  std::vector<Wrong> all;
  for (const auto& some : {WrongCsv(), WrongJson(), WrongFilesAndFlags()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

class WrongImport : public ::testing::TestWithParam<Wrong> {
 protected:
  WrongImport()
      : before_(fs::current_path()),
        folder_(fs::path(::testing::TempDir()) /
                (std::string("fleetsim.import.") + GetParam().name)) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::current_path(folder_);
    for (const char* name : {"BAD.xz", "BAD.gz", "BAD"}) {
      if (GetParam().arguments.find(name) == std::string::npos) continue;
      std::ofstream(name, std::ios::binary) << GetParam().content;
      break;
    }
  }
  ~WrongImport() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }

  static std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(".")) names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  fs::path before_, folder_;
};

TEST_P(WrongImport, OneMessageAndNothingWritten) {
  const std::vector<std::string> before = Files();
  const Outcome outcome = Import(GetParam().arguments);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.complaint;
  EXPECT_THAT(outcome.complaint, AllOf(StartsWith("fleetsim: "), EndsWith("\n")));
  EXPECT_EQ(std::count(outcome.complaint.begin(), outcome.complaint.end(), '\n'), 1)
      << outcome.complaint;
  for (const std::string& part : GetParam().message) {
    EXPECT_THAT(outcome.complaint, HasSubstr(part));
  }
  EXPECT_THAT(outcome.output, IsEmpty());
  EXPECT_EQ(Files(), before);
}

INSTANTIATE_TEST_SUITE_P(Command, WrongImport, ::testing::ValuesIn(All()),
                         [](const auto& wrong) { return std::string(wrong.param.name); });

}  // namespace
}  // namespace fleetsim
