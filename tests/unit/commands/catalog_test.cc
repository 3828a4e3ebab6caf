#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/commands/catalog_show.h"
#include "sim/commands/command.h"
#include "sim/inputs/file.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// `fleetsim ARGS --output FILE`: the exit code, and what the file has (empty: no file).
struct Outcome {
  int exit_code = 0;
  std::string output, complaint;
};

Outcome Fleetsim(const std::string& arguments) {
  const std::string path = std::filesystem::path(::testing::TempDir()) /
                           ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::remove(path);
  CLI::App app;
  CommonFlags common;
  Outcome outcome;
  AddCatalogCommand(app, common, outcome.exit_code);
  ::testing::internal::CaptureStderr();
  app.parse(arguments + " --output " + path);
  outcome.complaint = ::testing::internal::GetCapturedStderr();
  const auto content = ReadFile(path);
  if (content.ok()) outcome.output = *content;
  std::filesystem::remove(path);
  return outcome;
}

TEST(CatalogList, EveryKindHasEntries) {
  for (const char* kind :
       {"accelerators", "servers", "fabrics", "stacks", "regions", "prices", "kernels", "models"}) {
    const Outcome outcome = Fleetsim(std::string("catalog list --format json --kind ") + kind);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.complaint;
    const auto rows = nlohmann::json::parse(outcome.output);
    ASSERT_FALSE(rows.empty()) << kind;
    for (const auto& row : rows) EXPECT_TRUE(row["name"].is_string()) << kind;
  }
}

TEST(CatalogList, FiltersAndSorts) {
  const Outcome outcome =
      Fleetsim("catalog list --vendor nvidia --sort total_processing_performance --format json");
  const auto rows = nlohmann::json::parse(outcome.output);
  ASSERT_GT(rows.size(), 5);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i]["vendor"], "Nvidia");
    if (i == 0) continue;
    EXPECT_GE(rows[i - 1]["total_processing_performance"].get<double>(),
              rows[i]["total_processing_performance"].get<double>());
  }
}

TEST(CatalogList, TextIsAlignedWithUnits) {
  const Outcome outcome = Fleetsim("catalog list --vendor kunlun");
  EXPECT_THAT(outcome.output,
              AllOf(StartsWith("name "), HasSubstr("TFLOP/s"), HasSubstr("kunlunxin-p800-96gb")));
  EXPECT_THAT(outcome.output, Not(HasSubstr("nvidia")));
}

TEST(CatalogList, WrongFlags) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"catalog list --vendor huwaei", "did you mean \"Huawei\""},
      {"catalog list --sort tdp", "did you mean \"tdp_w\""},
      {"catalog list --kind server", "did you mean \"servers\""},
      {"catalog list --format jsn", "did you mean \"json\""},
      {"catalog list --kind regions --vendor x", "only accelerators and servers have vendors"},
  };
  for (const auto& [arguments, expected] : kWrong) {
    const Outcome outcome = Fleetsim(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << arguments;
    EXPECT_THAT(outcome.complaint, AllOf(StartsWith("fleetsim: --"), HasSubstr(expected)));
    EXPECT_EQ(outcome.output, "") << arguments;
  }
}

TEST(CatalogShow, FieldsWithUnitsAndEvidence) {
  const Outcome outcome = Fleetsim("catalog show h100");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.complaint;
  EXPECT_THAT(outcome.output,
              AllOf(StartsWith("accelerators/nvidia-h100-sxm-80gb\n"), HasSubstr("989 TFLOP/s"),
                    HasSubstr("3.35 TB/s"), HasSubstr("700 W"), HasSubstr("vendor ["),
                    HasSubstr("evidence\n  [1] "), HasSubstr("performance_density")));
}

TEST(CatalogShow, EveryNumberOfEveryFormatHasEvidence) {
  const Outcome outcome = Fleetsim("catalog show cloudmatrix384 --format json");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.complaint;
  for (const auto& row : nlohmann::json::parse(outcome.output)) {
    EXPECT_TRUE(!row["value"].is_number() || row["evidence"].is_string()) << row;
  }
}

TEST(CatalogShow, OtherKinds) {
  EXPECT_THAT(Fleetsim("catalog show llama3-8b").output, StartsWith("models/llama3-8b\n"));
  EXPECT_THAT(Fleetsim("catalog show us-ohio").output, HasSubstr("0.079 USD/kWh"));
  EXPECT_THAT(Fleetsim("catalog show nvidia-h100 --kind kernels").output,
              StartsWith("kernels/nvidia-h100\n"));
}

TEST(CatalogShow, UnknownName) {
  const Outcome outcome = Fleetsim("catalog show h10");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.complaint, AllOf(HasSubstr("nothing in the catalog is called \"h10\""),
                                       HasSubstr("did you mean"), HasSubstr("H100")));
  EXPECT_THAT(Fleetsim("catalog show h100 --kind server").complaint, HasSubstr("\"servers\""));
}

TEST(ShowValue, UnitsFromTheName) {
  const auto shown = [](const char* name, double value) {
    return ShowValue({name, value, std::nullopt});
  };
  EXPECT_EQ(shown("peak[BF16].flops_per_s", 494.5e12), "494.5 TFLOP/s");
  EXPECT_EQ(shown("memory_bytes", 80e9), "80 GB");
  EXPECT_EQ(shown("price_usd.low", 22000), "22,000 USD");
  EXPECT_EQ(shown("protocol[0].latency_s", 5.01e-6), "5.01 us");
  EXPECT_EQ(shown("launch_year", 2022), "2022");
  EXPECT_EQ(shown("die_area_mm2", 1600), "1,600 mm2");
  EXPECT_EQ(shown("compute_units", 132), "132");
}

}  // namespace
}  // namespace fleetsim
