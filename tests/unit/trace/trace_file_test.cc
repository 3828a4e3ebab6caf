#include "sim/trace/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// More than a chunk holds, every field used.
std::vector<Request> ManyRequests() {
  std::vector<Request> requests(20000);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto id = static_cast<std::int64_t>(i);
    requests[i] = {.id = id,
                   .arrival = Seconds(0.1 * static_cast<double>(i / 2)),
                   .input_tokens = static_cast<std::int32_t>(64 + i % 1000),
                   .output_tokens = static_cast<std::int32_t>(1 + i % 77),
                   .session = id % 5 - 1,
                   .parent = id / 2 - 1,
                   .after_parent = Seconds(static_cast<double>(i % 3)),
                   .priority = static_cast<std::int32_t>(i % 4) - 2,
                   .hash_block_tokens = 16};
    for (std::uint64_t block = 0; block < i % 4; ++block) {
      requests[i].block_hashes.push_back(~block * 977 - i);
    }
    if (i % 4 == 0) {
      requests[i].shared_prefix = id % 7;
      requests[i].shared_prefix_tokens = static_cast<std::int32_t>(i % 64);
    }
  }
  return requests;
}

std::string Written(const std::vector<Request>& requests, int block_tokens) {
  const std::string path = TestFolder() + "/trace";
  std::filesystem::remove(path);
  auto writer = TraceWriter::Create(path, {.source = "a test", .block_tokens = block_tokens});
  EXPECT_TRUE(writer.ok()) << writer.status();
  for (const Request& request : requests) EXPECT_TRUE(writer->Add(request).ok());
  EXPECT_FALSE(std::filesystem::exists(path)) << "before it is whole";
  EXPECT_TRUE(writer->Finish().ok());
  return path;
}

// The status that reading to the end gives.
absl::Status ReadAll(const std::string& path) {
  auto reader = TraceReader::Open(path);
  if (!reader.ok()) return reader.status();
  Request request;
  while ((*reader)->Next(&request)) {
  }
  return (*reader)->status();
}

void ExpectSame(const Request& a, const Request& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.arrival, b.arrival);
  EXPECT_EQ(a.input_tokens, b.input_tokens);
  EXPECT_EQ(a.output_tokens, b.output_tokens);
  EXPECT_EQ(a.session, b.session);
  EXPECT_EQ(a.parent, b.parent);
  EXPECT_EQ(a.after_parent, b.after_parent);
  EXPECT_EQ(a.priority, b.priority);
  EXPECT_EQ(a.hash_block_tokens, b.hash_block_tokens);
  EXPECT_EQ(a.block_hashes, b.block_hashes);
  EXPECT_EQ(a.shared_prefix, b.shared_prefix);
  EXPECT_EQ(a.shared_prefix_tokens, b.shared_prefix_tokens);
}

TEST(TraceFile, GivesBackWhatWasWritten) {
  const std::vector<Request> requests = ManyRequests();
  auto reader = TraceReader::Open(Written(requests, 16));
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->origin().source, "a test");
  EXPECT_EQ((*reader)->origin().block_tokens, 16);
  Request request;
  for (const Request& written : requests) {
    ASSERT_TRUE((*reader)->Next(&request)) << (*reader)->status();
    ExpectSame(request, written);
  }
  EXPECT_FALSE((*reader)->Next(&request));
  EXPECT_TRUE((*reader)->status().ok()) << (*reader)->status();
}

TEST(TraceFile, TwelveBytesARequestWithoutOptionalColumns) {
  std::vector<Request> requests(10000);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i] = {.id = static_cast<std::int64_t>(i),
                   .arrival = Seconds(static_cast<double>(i)),
                   .input_tokens = 1000,
                   .output_tokens = 200};
  }
  // 8 bytes of time, 2 of a length above 127 each; some bytes a chunk.
  EXPECT_NEAR(static_cast<double>(std::filesystem::file_size(Written(requests, 0))) / 10000.0, 12.0,
              0.1);
}

TEST(TraceFile, IsNotThereUnlessFinished) {
  {
    auto writer = TraceWriter::Create(TestFolder() + "/trace", {});
    ASSERT_TRUE(writer.ok()) << writer.status();
    for (const Request& request : ManyRequests()) ASSERT_TRUE(writer->Add(request).ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(TestFolder()));
}

TEST(TraceFile, EveryCutIsNoticed) {
  const std::string path = Written(ManyRequests(), 16);
  const std::string whole = Content(path);
  ASSERT_TRUE(ReadAll(path).ok()) << ReadAll(path);
  for (std::size_t size = 0; size < whole.size(); size += size < 64 ? 1 : whole.size() / 97) {
    const std::string cut = WriteTestFile("cut", whole.substr(0, size));
    const absl::Status status = ReadAll(cut);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_THAT(status.message(), HasSubstr("cut: byte ")) << size;
  }
}

TEST(TraceFile, WhatIsNoTraceIsSaidToBeNone) {
  EXPECT_THAT(ReadAll(WriteTestFile("text", "arrival_s,input_tokens\n")).message(),
              HasSubstr("text: byte 0: is no request trace; what fleetsim import writes"));
  EXPECT_THAT(ReadAll(TestFolder() + "/nowhere").message(), HasSubstr("nowhere: cannot be opened"));
  // A header that says version 2.
  EXPECT_THAT(ReadAll(WriteTestFile("newer", "FLTRACE1\x02\x08\x02")).message(),
              HasSubstr("version is 2; this program reads 1"));
}

TEST(TraceFile, WrongValuesAreErrors) {
  const auto message = [](Request request) {
    return std::string(
        ReadAll(Written({Request{.input_tokens = 5, .output_tokens = 5}, request}, 16)).message());
  };
  const Request good{.id = 1, .arrival = Seconds(1.0), .input_tokens = 20, .output_tokens = 3};
  EXPECT_THAT(message(good), IsEmpty());
  Request wrong = good;
  wrong.arrival = Seconds(-1.0);
  EXPECT_THAT(message(wrong), HasSubstr("request 1: arrival_s is -1; not before"));
  wrong = good;
  wrong.output_tokens = -3;
  EXPECT_THAT(message(wrong), HasSubstr("request 1: has 20 input and -3 output tokens"));
  wrong = good;
  wrong.parent = 1;
  EXPECT_THAT(message(wrong), HasSubstr("request 1: parent is 1; an earlier request"));
  wrong = good;
  wrong.block_hashes = {1, 2};
  EXPECT_THAT(message(wrong), HasSubstr("request 1: 2 blocks of 16 tokens; no more than"));
  wrong = good;
  wrong.shared_prefix_tokens = 21;
  EXPECT_THAT(message(wrong), AllOf(HasSubstr("shared_prefix_tokens is 21"), HasSubstr("of 20")));
}

}  // namespace
}  // namespace fleetsim
