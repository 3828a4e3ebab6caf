#include "sim/inputs/csv.h"

#include <lzma.h>
#include <zlib.h>

#include <cstdint>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Written(const std::string& content) {
  const std::string path = testing::TempDir() + "csv_test_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv";
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(Csv, QuotesCommasAndNewLinesInCells) {
  const auto table = ReadCsv(Written("id,notes\na,\"x, \"\"y\"\"\nz\"\nb,\r\nc,last"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->columns, ElementsAre("id", "notes"));
  ASSERT_EQ(table->rows.size(), 3u);
  EXPECT_EQ(table->rows[0].cells[1], "x, \"y\"\nz");
  EXPECT_EQ(table->rows[0].line, 2);
  EXPECT_EQ(table->rows[1].line, 4);
  EXPECT_EQ(table->rows[1].cells[1], "");
  EXPECT_EQ(table->rows[2].cells[1], "last");
  EXPECT_EQ(table->Column("notes"), 1);
  EXPECT_EQ(table->Column("nothing"), -1);
}

TEST(Csv, LinesThatEndInCrLfAreCountedAlike) {
  const auto table = ReadCsv(Written("id,notes\r\na,1\r\nb,2\r\n"));
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_EQ(table->rows[0].line, 2);
  EXPECT_EQ(table->rows[1].line, 3);
}

TEST(Csv, CompressedTablesAreReadAsTheyAre) {
  const std::string content = "id,notes\na,1\nb,2\n";
  std::string packed(1000, '\0');
  size_t size = 0;
  ASSERT_EQ(
      lzma_easy_buffer_encode(LZMA_PRESET_DEFAULT, LZMA_CHECK_CRC64, nullptr,
                              reinterpret_cast<const std::uint8_t*>(content.data()), content.size(),
                              reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size()),
      LZMA_OK);
  const auto xz = ReadCsv(Written(packed.substr(0, size)));
  ASSERT_TRUE(xz.ok()) << xz.status();
  EXPECT_EQ(xz->rows[1].line, 3);
  EXPECT_EQ(xz->rows[1].cells[1], "2");
  const std::string path = testing::TempDir() + "csv_test_packed.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  const auto gzip = ReadCsv(path);
  ASSERT_TRUE(gzip.ok()) << gzip.status();
  EXPECT_THAT(gzip->rows[0].cells, ElementsAre("a", "1"));
  EXPECT_THAT(std::string(ReadCsv(Written(packed.substr(0, size - 20))).status().message()),
              HasSubstr("compressed data ends in the middle"));
}

TEST(Csv, WrongTablesNameFileAndLine) {
  const auto message = [](const std::string& content) {
    return std::string(ReadCsv(Written(content)).status().message());
  };
  EXPECT_THAT(message("a,b\n1,2\n3\n"), HasSubstr(":3: 1 cells; the header has 2"));
  EXPECT_THAT(message("a,a\n1,2\n"), HasSubstr(":1: a: column stands twice"));
  EXPECT_THAT(message("a,b\n1,\"2\n"), HasSubstr(":2: quoted cell is never closed"));
  EXPECT_THAT(message("a,b\n1,2\"3\"\n"), HasSubstr(":2: "));
  EXPECT_THAT(message(std::string("a,b\n1,\0\n", 8)), HasSubstr(":2: NUL byte"));
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(std::string(ReadCsv("/nowhere/x.csv").status().message()),
              HasSubstr("/nowhere/x.csv"));
}

}  // namespace
}  // namespace fleetsim
