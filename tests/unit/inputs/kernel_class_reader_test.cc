#include "sim/inputs/kernel_class_reader.h"

#include <filesystem>
#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/kernel_class.pb.h"
#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

constexpr char kEntry[] = R"(name: "x"
tile { rows: 128 columns: 256 efficiency_ratio: 1 }
tile { rows: 64 columns: 64 efficiency_ratio: 0.7 }
matrix { dtype: BF16 unit_ratio: 0.95 sustained_ratio: 0.8 ramp_depth: 200 }
matrix { dtype: FP8 unit_ratio: 0.9 sustained_ratio: 0.7 ramp_depth: 300 }
max_split: 8
min_split_depth: 256
split_latency_s: 2e-6
start_up_s: 3e-6
overlap_loss_ratio: 0.1
memory_efficiency_ratio: 0.8
attention {
  generation: FLASH2 query_tile: 128 kv_tile: 64 start_up_s: 5e-6 ramp_tokens: 150
  point { head_dim: 64 forward_ratio: 0.4 backward_ratio: 0.3 }
  point { head_dim: 128 forward_ratio: 0.6 backward_ratio: 0.5 }
}
attention {
  generation: FLASH3 query_tile: 128 kv_tile: 128 start_up_s: 5e-6 ramp_tokens: 300
  point { head_dim: 128 forward_ratio: 0.7 backward_ratio: 0.6 }
}
stream_efficiency_ratio: 0.9
stream_start_up_s: 4e-6
evidence {
  field: "tile" field: "matrix" field: "max_split" field: "min_split_depth"
  field: "split_latency_s" field: "start_up_s" field: "overlap_loss_ratio"
  field: "memory_efficiency_ratio" field: "attention" field: "stream_efficiency_ratio"
  field: "stream_start_up_s" kind: MEASURED source: "a table" year: 2024
}
)";

// Reads `text` from a file, as the catalog does.
absl::StatusOr<KernelClass> Read(const std::string& text) {
  const std::string path = WriteTestFile("x.textproto", text);
  proto::KernelClass entry;
  ASSIGN_OR_RETURN(const FieldLines lines, ParseProtoFile(path, &entry));
  return ReadKernelClass(entry, path, lines);
}

std::string Replaced(const std::string& from, const std::string& to) {
  std::string text = kEntry;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(KernelClassReader, ReadsEveryField) {
  const auto read = Read(kEntry);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->name, "x");
  ASSERT_EQ(read->tiles.size(), 2);
  EXPECT_EQ(read->tiles[0].columns, 256);
  EXPECT_EQ(read->tiles[1].efficiency, 0.7);
  ASSERT_EQ(read->matrix.size(), 2);
  EXPECT_EQ(read->matrix[1].dtype, DataType::kFp8);
  EXPECT_EQ(read->matrix[0].unit, 0.95);
  EXPECT_EQ(read->matrix[0].sustained, 0.8);
  EXPECT_EQ(read->matrix[1].ramp_depth, 300);
  EXPECT_EQ(read->max_split, 8);
  EXPECT_EQ(read->min_split_depth, 256);
  EXPECT_EQ(read->split_latency, Seconds(2e-6));
  EXPECT_EQ(read->start_up, Seconds(3e-6));
  EXPECT_EQ(read->overlap_loss, 0.1);
  EXPECT_EQ(read->memory_efficiency, 0.8);
  ASSERT_EQ(read->attention.size(), 2);
  EXPECT_EQ(read->attention[0].generation, AttentionKernel::kFlash2);
  EXPECT_EQ(read->attention[0].kv_tile, 64);
  EXPECT_EQ(read->attention[0].points[1].backward, 0.5);
  EXPECT_EQ(read->attention[1].generation, AttentionKernel::kFlash3);
  EXPECT_EQ(read->attention[1].ramp_tokens, 300);
  EXPECT_EQ(read->stream_efficiency, 0.9);
  EXPECT_EQ(read->stream_start_up, Seconds(4e-6));
  EXPECT_EQ(read->settled_clock, 1);  // absent
  EXPECT_EQ(read->evidence.size(), 1);
}

TEST(KernelClassReader, ReadsTheSettledClock) {
  const auto read = Read(std::string(kEntry) + R"(
settled_clock_ratio: 0.87
evidence { field: "settled_clock_ratio" kind: MEASURED source: "a table" year: 2024 }
)");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->settled_clock, 0.87);
}

TEST(KernelClassReader, ReadsLibrariesByRisingYear) {
  const std::string evidence =
      "evidence { field: \"library\" kind: MEASURED source: \"a table\" year: 2024 }\n";
  const auto read = Read(std::string(kEntry) + evidence + R"(
library { until_year: 2022 matrix_ratio: 0.7 }
library { until_year: 2023 matrix_ratio: 0.9 }
)");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->libraries.size(), 2);
  EXPECT_EQ(read->libraries[1].until_year, 2023);
  EXPECT_EQ(read->libraries[1].matrix, 0.9);
  const auto again = Read(std::string(kEntry) + evidence + R"(
library { until_year: 2022 matrix_ratio: 0.7 }
library { until_year: 2022 matrix_ratio: 0.9 }
)");
  EXPECT_THAT(std::string(again.status().message()), HasSubstr("library[1].until_year"));
}

TEST(KernelClassReader, ReadsScalingsOfNarrowFormats) {
  const auto plain = Read(kEntry);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->matrix[1].scaling, Scaling::kNone);
  EXPECT_EQ(plain->matrix[1].full_accumulation, 1);
  EXPECT_EQ(plain->quantise_efficiency, 0.9);  // absent: as streams
  const auto read = Read(Replaced("matrix { dtype: FP8", R"(
matrix { dtype: FP8 scaling: PER_BLOCK unit_ratio: 0.7 sustained_ratio: 0.6 ramp_depth: 500 }
matrix { full_accumulation_ratio: 0.8 dtype: FP8)") +
                         R"(
quantise_efficiency_ratio: 0.6
evidence { field: "quantise_efficiency_ratio" kind: MEASURED source: "a table" year: 2024 }
)");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->matrix.size(), 3);
  EXPECT_EQ(read->matrix[1].scaling, Scaling::kBlock);
  EXPECT_EQ(read->matrix[2].full_accumulation, 0.8);
  EXPECT_EQ(read->quantise_efficiency, 0.6);
}

struct Wrong {
  std::string from, to, message;
};

// What ctest lists the case as; without it, the bytes of the struct, addresses included.
void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.message; }

class WrongKernelClass : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongKernelClass, NamesLineFieldAndWhatIsRight) {
  const auto read = Read(Replaced(GetParam().from, GetParam().to));
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongKernelClass,
    ::testing::Values(
        Wrong{"name: \"x\"", "", "name: is missing"},
        Wrong{"rows: 128", "rows: 0", "x.textproto:2: tile[0].rows: is 0; 1 to 4096"},
        Wrong{"efficiency_ratio: 0.7", "efficiency_ratio: 1.01",
              "tile[1].efficiency_ratio: is 1.01"},
        Wrong{"dtype: FP8", "dtype: BF16", "x.textproto:5: matrix[1].dtype: BF16 again"},
        Wrong{"dtype: FP8 ", "", "matrix[1].dtype: is missing"},
        Wrong{"ramp_depth: 300", "ramp_depth: 300 full_accumulation_ratio: 1.2",
              "matrix[1].full_accumulation_ratio: is 1.2"},
        Wrong{"ramp_depth: 300", "ramp_depth: 300 scaling: PER_MOOD", "PER_MOOD"},
        Wrong{"stream_efficiency_ratio: 0.9",
              "stream_efficiency_ratio: 0.9 quantise_efficiency_ratio: 0",
              "quantise_efficiency_ratio: is 0"},
        Wrong{"unit_ratio: 0.95", "unit_ratio: 1.3", "x.textproto:4: matrix[0].unit_ratio"},
        Wrong{"sustained_ratio: 0.8", "sustained_ratio: 1.01", "matrix[0].sustained_ratio"},
        Wrong{"ramp_depth: 300", "ramp_depth: -1", "matrix[1].ramp_depth: is -1"},
        Wrong{"max_split: 8", "max_split: 0", "x.textproto:6: max_split: is 0; 1 to 64"},
        Wrong{"start_up_s: 3e-6", "start_up_s: 3", "start_up_s: is 3"},
        Wrong{"overlap_loss_ratio: 0.1", "overlap_loss_ratio: -0.1", "overlap_loss_ratio: is -0.1"},
        Wrong{"memory_efficiency_ratio: 0.8", "", "memory_efficiency_ratio: is 0; more than 0"},
        Wrong{"generation: FLASH2", "generation: UNFUSED", "attention[0].generation: is no flash"},
        Wrong{"generation: FLASH3", "generation: FLASH2", "attention[1].generation: is not later"},
        Wrong{"query_tile: 128 kv_tile: 64", "query_tile: 128", "attention[0].kv_tile: is 0"},
        Wrong{"head_dim: 128 forward_ratio: 0.6", "head_dim: 64 forward_ratio: 0.6",
              "attention[0].point[1].head_dim: is 64; more than 64"},
        Wrong{"forward_ratio: 0.4", "forward_ratio: 0", "attention[0].point[0].forward_ratio"},
        Wrong{"backward_ratio: 0.6", "backward_ratio: 2", "attention[1].point[0].backward_ratio"},
        Wrong{"stream_efficiency_ratio: 0.9", "stream_efficiency_ratio: nan", "nan"},
        Wrong{"stream_efficiency_ratio: 0.9", "stream_efficiency_ratio: 0.9 settled_clock_ratio: 0",
              "settled_clock_ratio: is 0"},
        Wrong{"field: \"attention\" ", "", "attention: no evidence vouches for it"}));

TEST(KernelClassReader, ListsMayNotBeEmpty) {
  std::string text = kEntry;
  const size_t begin = text.find("attention {"), end = text.find("stream_efficiency_ratio: 0.9");
  text.erase(begin, end - begin);
  EXPECT_THAT(std::string(Read(text).status().message()),
              HasSubstr("attention: is missing; at least one"));
}

// The entries that ship.
TEST(KernelClassReader, ReadsTheCatalog) {
  int entries = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(FLEETSIM_SOURCE_DIR "/platforms/catalog/kernels")) {
    proto::KernelClass entry;
    const auto lines = ParseProtoFile(file.path(), &entry);
    ASSERT_TRUE(lines.ok()) << lines.status();
    const auto read = ReadKernelClass(entry, file.path(), *lines);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->name, file.path().stem());
    ++entries;
  }
  EXPECT_GT(entries, 0);
}

// Every class that the table of accelerators names is an entry. The second of four columns, and
// names with commas are quoted.
TEST(KernelClassReader, TheClassTableNamesEntries) {
  std::ifstream table(FLEETSIM_SOURCE_DIR "/scripts/fit/classes.csv");
  std::string line;
  std::getline(table, line);
  int rows = 0;
  while (std::getline(table, line)) {
    const size_t end_of_name = line.front() == '"' ? line.find('"', 1) + 1 : line.find(',');
    const size_t end = line.find(',', end_of_name + 1);
    const std::string kernels = line.substr(end_of_name + 1, end - end_of_name - 1);
    EXPECT_TRUE(std::filesystem::exists(FLEETSIM_SOURCE_DIR "/platforms/catalog/kernels/" +
                                        kernels + ".textproto"))
        << line;
    ++rows;
  }
  EXPECT_GT(rows, 0);
}

}  // namespace
}  // namespace fleetsim
