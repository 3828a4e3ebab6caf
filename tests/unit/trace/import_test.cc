#include "sim/trace/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/trace/trace_file.h"
#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Imported {
  absl::StatusOr<ImportResult> result;
  std::vector<Request> requests;
};

Imported ImportFile(const std::string& format, const std::string& path,
                    const ImportOptions& options = {}) {
  const std::string to = TestFolder() + "/imported";
  std::filesystem::remove(to);
  Imported imported{ImportRequests(*FindTraceFormat(format), path, to, options), {}};
  if (!imported.result.ok()) {
    EXPECT_FALSE(std::filesystem::exists(to));
    return imported;
  }
  auto reader = TraceReader::Open(to);
  EXPECT_TRUE(reader.ok()) << reader.status();
  Request request;
  while ((*reader)->Next(&request)) imported.requests.push_back(request);
  EXPECT_TRUE((*reader)->status().ok()) << (*reader)->status();
  return imported;
}

Imported ImportText(const std::string& format, const std::string& content,
                    const ImportOptions& options = {}) {
  return ImportFile(format, WriteTestFile("source", content), options);
}

std::vector<double> Arrivals(const std::vector<Request>& requests) {
  std::vector<double> arrivals;
  for (const Request& request : requests) arrivals.push_back(request.arrival.value());
  return arrivals;
}

const char kPlain[] = "arrival_s,input_tokens,output_tokens\n0,10,1\n1,20,2\n2,30,3\n3,40,4\n";

TEST(AzureLlm, DatesAreSecondsSinceTheFirst) {
  const Imported of = ImportText("azure-llm",
                                 "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                                 "2023-12-31 23:59:59.9799600,4808,10\r\n"
                                 "2024-01-01 00:00:01.0000000,3180,8\r\n");
  ASSERT_TRUE(of.result.ok()) << of.result.status();
  ASSERT_EQ(of.requests.size(), 2);
  EXPECT_EQ(of.requests[0].arrival, Seconds(0.0));
  EXPECT_DOUBLE_EQ(of.requests[1].arrival.value(), 1.02004);
  EXPECT_EQ(of.requests[1].input_tokens, 3180);
  EXPECT_EQ(of.requests[1].output_tokens, 8);
}

TEST(AzureLlm, OffsetsFromUtcCount) {
  const Imported of = ImportText("azure-llm",
                                 "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                                 "2024-05-10 01:00:00.009930+01:00,1,1\n"
                                 "2024-05-10 00:00:00.509930+00:00,1,1\n");
  EXPECT_THAT(Arrivals(of.requests), ElementsAre(0.0, 0.5));
}

TEST(BurstGpt, WithAndWithoutSessionsAndFailures) {
  const Imported old = ImportText("burstgpt",
                                  "Timestamp,Model,Request tokens,Response tokens,Total tokens,"
                                  "Log Type\n5,ChatGPT,472,18,490,Conversation log\n"
                                  "45,ChatGPT,0,0,0,Conversation log\n"
                                  "118,GPT-4,417,276,693,Conversation log\n");
  ASSERT_TRUE(old.result.ok()) << old.result.status();
  EXPECT_THAT(Arrivals(old.requests), ElementsAre(5.0, 118.0));
  EXPECT_EQ(old.result->failed, 1);
  EXPECT_EQ(old.requests[0].session, -1);
  const Imported with = ImportText(
      "burstgpt",
      "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,"
      "Log Type\n5.5,7,1.2,ChatGPT,472,18,490,Conversation log\n6,,3,GPT-4,1,2,3,API log\n");
  ASSERT_TRUE(with.result.ok()) << with.result.status();
  EXPECT_EQ(with.requests[0].session, 7);
  EXPECT_EQ(with.requests[1].session, -1);
  EXPECT_EQ(with.result->statistics.sessions, 1);
}

TEST(Mooncake, WholeBlocksAreKept) {
  const Imported of =
      ImportText("mooncake",
                 "{\"timestamp\": 0, \"input_length\": 1025, \"output_length\": 5, "
                 "\"hash_ids\": [0, 1, 2]}\n"
                 "{\"timestamp\": 27482, \"input_length\": 1024, "
                 "\"output_length\": 6, \"hash_ids\": [0, 18446744073709551615]}\n");
  ASSERT_TRUE(of.result.ok()) << of.result.status();
  EXPECT_EQ(of.requests[0].hash_block_tokens, 512);
  EXPECT_THAT(of.requests[0].block_hashes, ElementsAre(0, 1));
  EXPECT_THAT(of.requests[1].block_hashes, ElementsAre(0, ~std::uint64_t{0}));
  EXPECT_DOUBLE_EQ(of.requests[1].arrival.value(), 27.482);
  EXPECT_DOUBLE_EQ(*of.result->statistics.prefix_share, 512.0 / 2049.0);
}

TEST(QwenBailian, TurnsFindTheirParents) {
  const auto row = [](int chat, int parent, double time) {
    return absl::StrCat("{\"chat_id\": ", chat, ", \"parent_chat_id\": ", parent,
                        ", \"timestamp\": ", time,
                        ", \"input_length\": 20, \"output_length\": 5, \"type\": \"text\", "
                        "\"turn\": 1, \"hash_ids\": [4, 5]}\n");
  };
  const Imported of = ImportText(
      "qwen-bailian", row(900, -1, 0.5) + row(17, 901, 1) + row(55, 900, 2) + row(56, 55, 3.25));
  ASSERT_TRUE(of.result.ok()) << of.result.status();
  std::vector<std::int64_t> parents, sessions;
  for (const Request& request : of.requests) {
    parents.push_back(request.parent);
    sessions.push_back(request.session);
  }
  // 901 was before the trace begins.
  EXPECT_THAT(parents, ElementsAre(-1, -1, 0, 2));
  EXPECT_THAT(sessions, ElementsAre(0, 1, 0, 0));
  EXPECT_EQ(of.result->statistics.followers, 2);
  EXPECT_EQ(of.requests[0].hash_block_tokens, 16);
}

TEST(Import, ThePartThatIsAskedFor) {
  ImportOptions options{.start = Seconds(1.0), .duration = Seconds(2.0), .rate_scale = 4.0};
  const Imported part = ImportText("csv", kPlain, options);
  EXPECT_THAT(Arrivals(part.requests), ElementsAre(0.0, 0.25));
  EXPECT_EQ(part.requests[0].input_tokens, 20);
  const Imported limited = ImportText("csv", kPlain, {.limit = 3});
  EXPECT_THAT(Arrivals(limited.requests), ElementsAre(0.0, 1.0, 2.0));
  const Imported none = ImportText("csv", kPlain, {.start = Seconds(9.0)});
  EXPECT_THAT(none.result.status().message(), HasSubstr("no request is left of 4 rows"));
}

TEST(Import, BadRowsAreSkippedAndCounted) {
  const std::string content =
      "arrival_s,input_tokens,output_tokens\n0,10,1\n1,-20,2\n\n0.5,30,3\n0.25,40,4\n7,8\n"
      "8,1,1\n9,\"1,1\n10,5,5\n";
  const Imported strict = ImportText("csv", content);
  EXPECT_THAT(strict.result.status().message(),
              HasSubstr("source:3: input_tokens: is '-20'; a whole number of tokens, 1 to"));
  const Imported of = ImportText("csv", content, {.skip_bad_rows = true});
  ASSERT_TRUE(of.result.ok()) << of.result.status();
  EXPECT_THAT(Arrivals(of.requests), ElementsAre(0.0, 0.5, 8.0, 10.0));
  EXPECT_EQ(of.result->bad, 4);
  EXPECT_EQ(of.result->rows, 8);
  EXPECT_EQ(of.result->first_bad.message(), strict.result.status().message());
}

std::string Gzip(const std::string& content) {
  const std::string path = TestFolder() + "/packed.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  return path;
}

std::string Xz(const std::string& content) {
  std::string packed(lzma_stream_buffer_bound(content.size()), '\0');
  std::size_t size = 0;
  const lzma_ret result = lzma_easy_buffer_encode(
      6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(content.data()),
      content.size(), reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size());
  EXPECT_EQ(result, LZMA_OK);
  return WriteTestFile("packed.xz", packed.substr(0, size));
}

std::string ManyRows() {
  std::string content = "arrival_s,input_tokens,output_tokens\n";
  for (int i = 0; i < 50000; ++i) absl::StrAppend(&content, i, ",", 1 + i * 7919 % 4001, ",9\n");
  return content;
}

TEST(Import, CompressedIsAsPlain) {
  const Imported plain = ImportText("csv", ManyRows());
  ASSERT_EQ(plain.requests.size(), 50000);
  for (const std::string& path : {Gzip(ManyRows()), Xz(ManyRows())}) {
    const Imported of = ImportFile("csv", path);
    ASSERT_TRUE(of.result.ok()) << of.result.status();
    ASSERT_EQ(of.requests.size(), plain.requests.size());
    for (std::size_t i = 0; i < of.requests.size(); ++i) {
      ASSERT_EQ(of.requests[i].input_tokens, plain.requests[i].input_tokens);
    }
  }
}

TEST(Import, CompressedDataCutAnywhereIsAnError) {
  for (const std::string& path : {Gzip(ManyRows()), Xz(ManyRows())}) {
    const auto size = std::filesystem::file_size(path);
    for (const double share : {0.9999, 0.7, 0.3, 0.01}) {
      std::filesystem::resize_file(path,
                                   static_cast<std::uintmax_t>(share * static_cast<double>(size)));
      // Bad rows may be skipped; what is not there may not.
      const Imported of = ImportFile("csv", path, {.skip_bad_rows = true});
      EXPECT_THAT(of.result.status().message(),
                  HasSubstr("compressed data ends in the middle; a whole file"))
          << path << " " << share;
    }
  }
}

// One shipped sample each, and the seed's numbers of rows.
TEST(ShippedSamples, AllCanBeImported) {
  const std::string folder = std::string(FLEETSIM_SOURCE_DIR) + "/workloads/traces/";
  const std::vector<std::pair<std::string, std::string>> samples = {
      {"azure-llm", "azure-llm.csv"},
      {"burstgpt", "burstgpt.csv"},
      {"csv", "plain.csv"},
      {"mooncake", "mooncake.jsonl"},
      {"qwen-bailian", "qwen-bailian.jsonl"}};
  ASSERT_EQ(samples.size(), TraceFormats().size()) << "a sample for every format";
  for (const auto& [format, name] : samples) {
    const Imported of = ImportFile(format, folder + name);
    ASSERT_TRUE(of.result.ok()) << of.result.status();
    EXPECT_EQ(of.result->rows, 300) << name;
    EXPECT_EQ(of.result->statistics.requests + of.result->failed, 300) << name;
    // The script's Poisson process of 0.5 a second: 299 intervals, deviation 6 %.
    EXPECT_NEAR(*of.result->statistics.rate, 0.5, 0.1) << name;
  }
}

struct Published {
  std::string format, path;
  std::int64_t requests;
  double input_mean, output_mean;  // zero: not published
};

// Counts and means that the traces' own descriptions state.
TEST(PublishedTraces, HaveTheirPublishedCounts) {
  const char* shared = std::getenv("FLEETSIM_SHARED");
  const std::string folder =
      std::string(shared == nullptr ? "../shared" : shared) + "/traces/requests/";
  const Published traces[] = {
      {"azure-llm", "azure-llm-2023/code.csv", 8819, 0, 0},
      {"azure-llm", "azure-llm-2023/conv.csv", 19366, 0, 0},
      {"mooncake", "mooncake-fast25/conversation_trace.jsonl.xz", 12031, 12035, 343},
      {"mooncake", "mooncake-fast25/synthetic_trace.jsonl.xz", 3993, 15325, 149}};
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  for (const Published& trace : traces) {
    const Imported of = ImportFile(trace.format, folder + trace.path);
    ASSERT_TRUE(of.result.ok()) << of.result.status();
    const TraceStatistics& statistics = of.result->statistics;
    EXPECT_EQ(statistics.requests, trace.requests) << trace.path;
    if (trace.input_mean == 0) continue;
    EXPECT_NEAR(statistics.input.mean, trace.input_mean, 0.5) << trace.path;
    EXPECT_NEAR(statistics.output.mean, trace.output_mean, 0.5) << trace.path;
  }
}

}  // namespace
}  // namespace fleetsim
