#include "sim/report/table.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

Table Sample() {
  Table table(
      {{"name", "name"}, {"memory_bytes", "memory", "GB", 1e9}, {"announced", "announced"}});
  table.AddRow({std::string("b"), 80e9, false});
  table.AddRow({std::string("a,\"x\""), 153.6e9, true});
  table.AddRow({std::string("c"), Cell(), Cell()});
  return table;
}

TEST(Table, TextAlignsNumbersRight) {
  EXPECT_EQ(Sample().Text(),
            "name   memory  announced\n"
            "           GB\n"
            "b        80.0  no\n"
            "a,\"x\"   153.6  yes\n"
            "c           -  -\n");
}

TEST(Table, NoUnitsNoUnitLine) {
  Table table(std::vector<Column>{{"name", "name"}});
  table.AddRow({std::string("x")});
  EXPECT_EQ(table.Text(), "name\nx\n");
}

TEST(Table, CsvInBaseUnits) {
  EXPECT_EQ(Sample().Csv(),
            "name,memory_bytes,announced\n"
            "b,8e+10,false\n"
            "\"a,\"\"x\"\"\",1.536e+11,true\n"
            "c,,\n");
}

TEST(Table, JsonInBaseUnits) {
  const auto json = nlohmann::json::parse(Sample().Json());
  ASSERT_EQ(json.size(), 3);
  EXPECT_EQ(json[1]["name"], "a,\"x\"");
  EXPECT_EQ(json[1]["memory_bytes"], 153.6e9);
  EXPECT_TRUE(json[2]["memory_bytes"].is_null());
  EXPECT_EQ(json[0]["announced"], false);
}

TEST(Table, SortsNumbersDownTextUpUnknownLast) {
  Table table = Sample();
  ASSERT_TRUE(table.SortBy("memory_bytes").ok());
  EXPECT_EQ(std::get<std::string>(table.rows()[0][0]), "a,\"x\"");
  EXPECT_EQ(std::get<std::string>(table.rows()[2][0]), "c");
  ASSERT_TRUE(table.SortBy("name").ok());
  EXPECT_EQ(std::get<std::string>(table.rows()[1][0]), "b");
  EXPECT_THAT(std::string(table.SortBy("memory").message()), "") << "a title is understood too";
  EXPECT_THAT(std::string(table.SortBy("memmory_bytes").message()),
              HasSubstr("did you mean \"memory_bytes\""));
}

TEST(Table, Formats) {
  EXPECT_EQ(Sample().Render(*ParseTableFormat("csv")), Sample().Csv());
  EXPECT_EQ(Sample().Render(*ParseTableFormat("json")), Sample().Json());
  EXPECT_EQ(Sample().Render(*ParseTableFormat("text")), Sample().Text());
  EXPECT_THAT(std::string(ParseTableFormat("jsn").status().message()), HasSubstr("\"json\""));
}

}  // namespace
}  // namespace fleetsim
