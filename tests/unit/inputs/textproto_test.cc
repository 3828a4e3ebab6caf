#include "sim/inputs/textproto.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "proto/catalog.pb.h"
#include "proto/workload.pb.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TextprotoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& content) {
    std::string path = folder_ / "file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  // The message of the error that the content causes, after the file's name; "" if there is none.
  template <class T>
  std::string ErrorOf(const std::string& content) {
    T message;
    const std::string path = Write(content);
    const absl::Status status = ParseProtoFile(path, &message).status();
    const std::string text(status.message());
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument) << text;
    if (text.empty()) return "";
    EXPECT_THAT(text, StartsWith(path + ":"));
    return text.substr(path.size() + 1);
  }

  std::filesystem::path folder_;
};

proto::Workload TwoJobs() {
  proto::Workload workload;
  workload.set_name("two");
  workload.add_jobs()->set_id("a");
  proto::Job* job = workload.add_jobs();
  job->set_id("b");
  job->mutable_pretrain()->set_tokens(2e12);
  job->mutable_pretrain()->mutable_parallelism()->add_chunk_layers(300);
  return workload;
}

TEST_F(TextprotoTest, TextAndBinaryGiveTheSameMessage) {
  proto::Workload from_text, from_binary;
  ASSERT_TRUE(ParseProtoFile(Write("name: \"two\" jobs { id: \"a\" }\njobs { id: \"b\" pretrain {\n"
                                   "tokens: 2e12 parallelism { chunk_layers: [300] } } }"),
                             &from_text)
                  .ok());
  const absl::Status status =
      ParseProtoFile(Write(TwoJobs().SerializeAsString()), &from_binary).status();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(from_text.DebugString(), from_binary.DebugString());
  EXPECT_EQ(from_text.DebugString(), TwoJobs().DebugString());
}

TEST_F(TextprotoTest, LinesOfFields) {
  proto::Workload workload;
  auto lines = ParseProtoFile(Write("# comment\nname: \"x\"\njobs {\n  id: \"a\"\n}\njobs {\n"
                                    "  id: \"b\"\n  pretrain {\n    tokens: 1\n  }\n}\n"),
                              &workload);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(lines->LineOf("name"), 2);
  EXPECT_EQ(lines->LineOf("jobs[1].pretrain.tokens"), 9);
  EXPECT_EQ(lines->LineOf("jobs[1].pretrain.model"), 8) << "absent: the enclosing message";
  EXPECT_EQ(lines->LineOf("jobs[0].submit_time_s"), 3);
  EXPECT_EQ(lines->LineOf("jobs[7].id"), 0);
  EXPECT_EQ(lines->LineOf("nonsense"), 0);
  EXPECT_EQ(lines->LineOf(""), 0);
}

TEST_F(TextprotoTest, BinaryHasNoLines) {
  proto::Workload workload;
  auto lines = ParseProtoFile(Write(TwoJobs().SerializeAsString()), &workload);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(lines->LineOf("jobs[1].pretrain.tokens"), 0);
}

TEST_F(TextprotoTest, ByteOrderMarkIsSkipped) {
  proto::Workload workload;
  ASSERT_TRUE(ParseProtoFile(Write("\xEF\xBB\xBFname: \"x\""), &workload).ok());
  EXPECT_EQ(workload.name(), "x");
}

TEST_F(TextprotoTest, UnknownFieldNamesTheNearest) {
  EXPECT_EQ(ErrorOf<proto::Accelerator>("name: \"x\"\n  scale_up_domian: 5\n"),
            "2:3: scale_up_domian: unknown field of Accelerator; "
            "did you mean \"scale_up_domain\"?");
  EXPECT_THAT(ErrorOf<proto::Workload>("jobs {\n pretrain { modle: \"x\" } }"),
              AllOf(StartsWith("2:13: modle: unknown field of Pretrain"), HasSubstr("\"model\"")));
}

TEST_F(TextprotoTest, WrongValues) {
  EXPECT_EQ(ErrorOf<proto::Accelerator>("tdp_w: \"700\""),
            "1:8: tdp_w: Expected double, got: \"700\"; a number without quotes is needed");
  EXPECT_THAT(ErrorOf<proto::Accelerator>("launch_year: 2e3"),
              AllOf(StartsWith("1:14: launch_year: Expected integer"), HasSubstr("whole number")));
  EXPECT_THAT(ErrorOf<proto::Accelerator>("launch_year: 9999999999"),
              AllOf(StartsWith("1:14: launch_year: "), HasSubstr("out of range")));
  EXPECT_THAT(ErrorOf<proto::Accelerator>("name: H100"), HasSubstr("text in double quotes"));
  EXPECT_THAT(ErrorOf<proto::Accelerator>("peak { dtype: BF17 }"),
              AllOf(StartsWith("1:15: dtype: unknown value \"BF17\""), HasSubstr("\"BF16\"")));
  EXPECT_THAT(ErrorOf<proto::Accelerator>("tdp_w: 1\ntdp_w: 2"),
              StartsWith("2:1: tdp_w: given more than once; give it once"));
  EXPECT_THAT(ErrorOf<proto::Workload>("jobs { id: \"a\" pretrain {"), HasSubstr("1:"));
}

TEST_F(TextprotoTest, NotFiniteIsAnErrorAnywhere) {
  EXPECT_EQ(ErrorOf<proto::Accelerator>("name: \"x\"\ntdp_w: nan"),
            "2: tdp_w: is nan; a finite number is needed");
  EXPECT_THAT(ErrorOf<proto::Accelerator>("tdp_w: -inf"), StartsWith("1: tdp_w: is -inf"));
  EXPECT_THAT(ErrorOf<proto::Accelerator>("tdp_w: 1e999"), StartsWith("1: tdp_w: is inf"));
  EXPECT_THAT(ErrorOf<proto::Accelerator>("peak { dtype: BF16 flops_per_s: 1e12 }\npeak {\n"
                                          "dtype: FP8\nflops_per_s: inf }"),
              StartsWith("4: peak[1].flops_per_s: is inf"));
  proto::Workload workload = TwoJobs();
  workload.mutable_jobs(1)->mutable_pretrain()->set_tokens(
      std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(ErrorOf<proto::Workload>(workload.SerializeAsString()),
            " jobs[1].pretrain.tokens: is nan; a finite number is needed");
}

TEST_F(TextprotoTest, EveryTruncationOfABinaryIsAnErrorOrAShorterMessage) {
  const std::string whole = TwoJobs().SerializeAsString();
  // A cut between two top-level fields leaves a valid message; there are two such places.
  int errors = 0;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    proto::Workload workload;
    const absl::Status status = ParseProtoFile(Write(whole.substr(0, size)), &workload).status();
    errors += status.ok() ? 0 : 1;
  }
  EXPECT_EQ(errors, static_cast<int>(whole.size()) - 1 - 2);
}

TEST_F(TextprotoTest, TruncatedBinarySaysWhere) {
  const std::string whole = TwoJobs().SerializeAsString();
  EXPECT_THAT(
      ErrorOf<proto::Workload>(whole.substr(0, whole.size() - 1)),
      AllOf(HasSubstr("jobs: at byte "), HasSubstr("bytes long where"), HasSubstr("truncated")));
}

TEST_F(TextprotoTest, LengthPrefixOfTenGigabytes) {
  // Field 2 (jobs), length 10e9 as a varint.
  EXPECT_THAT(ErrorOf<proto::Workload>("\x12\x80\xc8\xaf\xa0\x25rest"),
              AllOf(HasSubstr("jobs: at byte 1: says that it is 10000000000 bytes long where 4 are "
                              "left"),
                    HasSubstr("truncated")));
  EXPECT_THAT(ErrorOf<proto::Workload>(std::string("\x12") + std::string(12, '\xff')),
              HasSubstr("the length prefix has no end"));
}

TEST_F(TextprotoTest, BinaryOfAnotherKind) {
  EXPECT_THAT(ErrorOf<proto::Workload>(std::string("\x1a\x01x\x7a\x01y", 6)),
              HasSubstr("unknown field number 3 of Workload"));
  EXPECT_THAT(ErrorOf<proto::Workload>(std::string("\x08\x01", 2)),
              HasSubstr("name: at byte 0: wrong encoding"));
  EXPECT_THAT(ErrorOf<proto::Accelerator>(std::string("\x5a\x02\x08\x63", 4)),
              HasSubstr("peak[0].dtype: unknown value 99"));
  EXPECT_THAT(ErrorOf<proto::Workload>("\x0a\x01\xff"), HasSubstr("UTF-8"));
}

TEST_F(TextprotoTest, NoFile) {
  proto::Workload workload;
  const std::string missing = folder_ / "missing.textproto";
  EXPECT_THAT(std::string(ParseProtoFile(missing, &workload).status().message()),
              AllOf(StartsWith(missing + ": cannot be opened (No such file"), HasSubstr("; ")));
  EXPECT_THAT(std::string(ParseProtoFile(folder_, &workload).status().message()),
              HasSubstr("is a folder; give the path of a file"));
  EXPECT_THAT(ErrorOf<proto::Workload>(" \n"), HasSubstr("is empty; give a Workload message"));
}

TEST_F(TextprotoTest, LimitOfSize) {
  const std::string path = Write(std::string(1000, 'x'));
  EXPECT_TRUE(ReadFile(path, 1000).ok());
  EXPECT_THAT(std::string(ReadFile(path, 999).status().message()), HasSubstr("larger than 999"));
}

TEST_F(TextprotoTest, WritesAtomically) {
  const std::string path = folder_ / "out";
  ASSERT_TRUE(WriteFileAtomically(path, "first").ok());
  ASSERT_TRUE(WriteFileAtomically(path, std::string("sec\0nd", 6)).ok());
  EXPECT_EQ(*ReadFile(path), std::string("sec\0nd", 6));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(TextprotoTest, FailedWriteLeavesNothing) {
  EXPECT_THAT(std::string(WriteFileAtomically(folder_ / "no" / "out", "x").message()),
              HasSubstr("cannot be created"));
  EXPECT_THAT(std::string(WriteFileAtomically(folder_, "x").message()), HasSubstr("is a folder"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace fleetsim
