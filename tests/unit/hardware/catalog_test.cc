#include "sim/hardware/catalog.h"

#include <gmock/gmock.h>

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

Catalog Sample() {
  Catalog catalog;
  for (const char* name : {"nvidia-h100-sxm-80gb", "nvidia-h200-sxm-141gb", "huawei-ascend-910c"}) {
    catalog.accelerators[name].name = name;
  }
  catalog.accelerators["nvidia-h100-sxm-80gb"].aliases = {"H100", "H100-80GB SXM"};
  catalog.regions["us-ohio"].name = "us-ohio";
  catalog.kernel_classes["nvidia-a100"].name = "nvidia-a100";
  catalog.prices["default"].name = "default";
  return catalog;
}

TEST(FindInCatalog, ByNameAndByAliasIgnoringCase) {
  const Catalog catalog = Sample();
  EXPECT_EQ((*FindAccelerator(catalog, "nvidia-h200-sxm-141gb"))->name, "nvidia-h200-sxm-141gb");
  EXPECT_EQ((*FindAccelerator(catalog, "h100"))->name, "nvidia-h100-sxm-80gb");
  EXPECT_EQ((*FindAccelerator(catalog, "H100-80gb sxm"))->name, "nvidia-h100-sxm-80gb");
  EXPECT_EQ((*FindAccelerator(catalog, "NVIDIA-H200-SXM-141GB"))->name, "nvidia-h200-sxm-141gb");
  EXPECT_EQ((*FindRegion(catalog, "us-ohio"))->name, "us-ohio");
  EXPECT_EQ((*FindKernelClass(catalog, "nvidia-a100"))->name, "nvidia-a100");
  EXPECT_EQ((*FindPrices(catalog, "default"))->name, "default");
}

TEST(FindInCatalog, UnknownNamesTheNearest) {
  const Catalog catalog = Sample();
  const absl::Status status = FindAccelerator(catalog, "H10").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("unknown accelerator \"H10\"; did you mean"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"H100\""));
  EXPECT_EQ(FindServer(catalog, "hgx").status().message(), "unknown server \"hgx\"; none is known");
  EXPECT_EQ(FindRegion(catalog, "mars").status().message(),
            "unknown region \"mars\"; known: us-ohio");
}

TEST(TotalProcessingPerformance, LargestOverFormatsOfRateTimesBits) {
  Accelerator accelerator;
  EXPECT_EQ(TotalProcessingPerformance(accelerator), 0.0);
  EXPECT_FALSE(PerformanceDensity(accelerator).has_value());
  accelerator.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(100e12);
  accelerator.peak[static_cast<int>(DataType::kFp4)] = FlopsPerSecond(300e12);
  EXPECT_DOUBLE_EQ(TotalProcessingPerformance(accelerator), 1600.0);
  accelerator.die_area_mm2 = 800.0;
  EXPECT_DOUBLE_EQ(*PerformanceDensity(accelerator), 2.0);
  accelerator.stated_tpp = 1500.0;
  EXPECT_DOUBLE_EQ(TotalProcessingPerformance(accelerator), 1500.0);
}

}  // namespace
}  // namespace fleetsim
