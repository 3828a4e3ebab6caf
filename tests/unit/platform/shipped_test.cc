// The platforms that the project ships agree with its catalog.
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/platform/read.h"

namespace fleetsim {
namespace {

const std::string kFolder = std::string(FLEETSIM_SOURCE_DIR) + "/platforms/";

const Catalog& ShippedCatalog() {
  static const auto* catalog = new absl::StatusOr<Catalog>(
      ReadCatalog(std::string(FLEETSIM_SOURCE_DIR) + "/platforms/catalog"));
  EXPECT_TRUE(catalog->ok()) << catalog->status();
  return **catalog;
}

TEST(Shipped, EveryPlatformAgreesWithTheCatalog) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".xml") continue;
    ++files;
    const auto platform = ReadPlatform(entry.path().string(), ShippedCatalog());
    EXPECT_TRUE(platform.ok()) << platform.status();
    EXPECT_LT(std::filesystem::file_size(entry.path()), 200000u) << entry.path();
  }
  EXPECT_GE(files, 16);
}

struct Size {
  const char* name;
  int accelerators, hosts, sites;
};

std::ostream& operator<<(std::ostream& out, const Size& size) { return out << size.name; }

class ShippedSize : public testing::TestWithParam<Size> {};

TEST_P(ShippedSize, IsWhatTheNameSays) {
  const auto fleet = ReadFleet(kFolder + GetParam().name + ".xml", ShippedCatalog());
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_EQ(fleet->Accelerators(), GetParam().accelerators);
  EXPECT_EQ(static_cast<int>(fleet->hosts.size()), GetParam().hosts);
  EXPECT_EQ(static_cast<int>(fleet->sites.size()), GetParam().sites);
}

INSTANTIATE_TEST_SUITE_P(
    All, ShippedSize,
    testing::Values(Size{"h100-16k-ndr", 16384, 2048, 1},
                    Size{"h100-16k-ndr-slow-host", 16384, 2048, 1},
                    Size{"a100-3k-hdr", 3072, 384, 1}, Size{"h800-2k-ndr", 2048, 256, 1},
                    Size{"h200-1k-ndr", 1024, 128, 1}, Size{"h20-16k-roce", 16384, 2048, 1},
                    Size{"h20-1k-roce", 1024, 128, 1}, Size{"ascend-910b-8k", 8192, 1024, 1},
                    Size{"cloudmatrix384", 384, 1, 1}, Size{"cloudmatrix384-43", 16512, 43, 1},
                    Size{"kunlun-p800-1k", 1024, 128, 1}, Size{"metax-c500-1k", 1024, 128, 1},
                    Size{"mlu590-1k", 1024, 128, 1}, Size{"gb200-nvl72-8", 576, 8, 1},
                    Size{"mi300x-1k", 1024, 128, 1}, Size{"mixed-h20-910b", 1024, 128, 1},
                    Size{"two-sites-h20", 1024, 128, 2}),
    [](const auto& size) {
      std::string name = size.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace fleetsim
