#include "sim/inputs/catalog_reader.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "absl/strings/str_replace.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/csv.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kShipped[] = FLEETSIM_SOURCE_DIR "/platforms/catalog";

const Catalog& Shipped() {
  static const Catalog* const kCatalog = [] {
    auto catalog = ReadCatalog(kShipped);
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    return new Catalog(catalog.ok() ? *std::move(catalog) : Catalog());
  }();
  return *kCatalog;
}

const Accelerator& Get(const std::string& name) {
  const auto found = FindAccelerator(Shipped(), name);
  EXPECT_TRUE(found.ok()) << found.status();
  static const Accelerator kNone;
  return found.ok() ? **found : kNone;
}

TEST(ShippedCatalog, EveryEntryLoads) {
  EXPECT_GE(Shipped().accelerators.size(), 60);
  EXPECT_GE(Shipped().servers.size(), 50);
  EXPECT_GE(Shipped().regions.size(), 30);
  EXPECT_EQ(Shipped().prices.count("default"), 1);
}

// The values that the rule's commentaries and our sources state (2 x MAC rate x bit length).
TEST(ShippedCatalog, TotalProcessingPerformanceAsPublished) {
  const std::map<std::string, double> kPublished = {
      {"A100", 4992},         {"A800", 4992},         {"H100", 15832},
      {"H800", 15832},        {"H200", 15832},        {"MI300X", 20919},
      {"MI325X", 20919},      {"L40S", 5864},         {"H20", 2368},
      {"L20", 1912},          {"L2", 1544},           {"B200", 36000},
      {"GB200", 40000},       {"B300", 54000},        {"GB300", 60000},
      {"MI355X", 60400},      {"Ascend 910B1", 6624}, {"Ascend 910B2", 6016},
      {"Ascend 910B3", 5008}, {"Ascend 910B4", 4480}, {"Ascend 910C", 12032},
      {"P800", 5520},         {"MLU590", 5024},       {"BR100", 16384},
      {"C500", 3840},         {"C550", 4480},         {"BI-V100", 2352},
      {"BI-V150", 3040},      {"B30A", 30000},
  };
  for (const auto& [name, tpp] : kPublished) {
    EXPECT_NEAR(TotalProcessingPerformance(Get(name)), tpp, 1) << name;
  }
}

TEST(ShippedCatalog, PerformanceDensityAsPublished) {
  const std::map<std::string, double> kPublished = {
      {"A100", 6.0}, {"H100", 19.5},         {"H20", 2.9},         {"L40S", 9.6},
      {"L20", 3.14}, {"Ascend 910B1", 10.0}, {"Ascend 910C", 9.0}, {"BR100", 15.3}};
  for (const auto& [name, density] : kPublished) {
    const std::optional<double> computed = PerformanceDensity(Get(name));
    ASSERT_TRUE(computed.has_value()) << name;
    EXPECT_NEAR(*computed, density, 0.06) << name;
  }
}

TEST(ShippedCatalog, UnderstandsTheNamesOfTablesAndPapers) {
  for (const char* name :
       {"A100-80GB SXM", "Ascend 910B (Atlas 900 A2 PoDc)", "BI-V150 (TianGai 150)", "GH200 96GB",
        "Gaudi 2", "H100-96GB HBM2e 500W", "H200 NVL (PCIe)", "V100-32GB SXM3 (DGX-2)",
        "MetaX C500 (PCIe)", "TPU v6e (Trillium)", "L40S", "MI355X", "V100", "MTT S5000",
        "Ascend 910C die", "BI-V100", "Hygon DCU 64GB", "Kunlun P800 96GB", "Ascend 310P"}) {
    EXPECT_TRUE(FindAccelerator(Shipped(), name).ok()) << name;
  }
}

// What the issue lists; an accelerator without a server could not be placed anywhere.
TEST(ShippedCatalog, EveryAcceleratorOfTheIssueHasAServer) {
  for (const char* name :
       {"A100", "A800",        "H100",   "H800",    "H200",         "H20",     "L20",    "L40S",
        "B200", "B300",        "GB200",  "GB300",   "RTX PRO 6000", "MI300X",  "MI325X", "MI355X",
        "910A", "910B1",       "910B2",  "910B3",   "910B4",        "910C",    "950PR",  "950DT",
        "310P", "Kunlun P800", "MLU370", "MLU590",  "BR100",        "BR104",   "C500",   "C550",
        "C600", "S4000",       "S5000",  "K100-AI", "BI-V100",      "BI-V150", "S60",    "Rubin"}) {
    const std::string& accelerator = Get(name).name;
    bool found = false;
    for (const auto& [key, server] : Shipped().servers) {
      for (const std::string& taken : server.accelerator_names) found |= taken == accelerator;
    }
    EXPECT_TRUE(found) << name;
  }
}

// Without a switch all links of an accelerator are thin links to its peers.
TEST(ShippedCatalog, LinksOfAFullMeshAddUp) {
  int meshes = 0;
  for (const auto& [name, server] : Shipped().servers) {
    const auto fabric = FindFabric(Shipped(), server.scale_up_fabric);
    ASSERT_TRUE(fabric.ok()) << name << ": " << fabric.status();
    if ((*fabric)->topology != FabricTopology::kFullMesh) continue;
    ++meshes;
    EXPECT_NEAR(server.pairwise_bandwidth / server.scale_up_bandwidth * (server.accelerators - 1),
                1.0, 0.02)
        << name;
  }
  EXPECT_GE(meshes, 8);
}

// Its own links limit an accelerator, whatever server it is in.
TEST(ShippedCatalog, NoServerHasFasterLinksThanItsAccelerators) {
  for (const auto& [name, server] : Shipped().servers) {
    // A node of two-die packages counts packages; software's half of one is listed with it.
    if (name == "atlas-800t-a3") continue;
    for (const std::string& accelerator : server.accelerator_names) {
      const BytesPerSecond own = Get(accelerator).scale_up_bandwidth;
      EXPECT_TRUE(own.value() == 0 || server.scale_up_bandwidth <= own) << name;
    }
  }
}

// Every accelerator of the published measurements, but for mixes and parts without a known peak.
TEST(ShippedCatalog, UnderstandsEveryAcceleratorOfTheMeasurements) {
  const char* shared = std::getenv("FLEETSIM_SHARED");
  const std::string folder = shared != nullptr ? shared : FLEETSIM_SOURCE_DIR "/../shared";
  const std::string path = folder + "/validation/training.csv";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  const auto table = ReadCsv(path);
  ASSERT_TRUE(table.ok()) << table.status();
  std::set<std::string> unknown;
  for (const CsvTable::Row& row : table->rows) {
    const std::string& name = row.cells[table->Column("accelerator")];
    if (!name.empty() && !FindAccelerator(Shipped(), name).ok()) unknown.insert(name);
  }
  EXPECT_THAT(unknown,
              ::testing::IsSubsetOf(
                  {"Kunlun R300 / K300", "TPU v4/v5e", "lower-spec mix incl. Chinese devices",
                   "mix RTX 3090 + RTX 2080 + Titan RTX", "mixed Chinese accelerators, 4 types"}));
}

TEST(ShippedCatalog, AnnouncedPartsAreMarked) {
  EXPECT_TRUE(Get("Rubin").announced);
  EXPECT_TRUE(Get("Ascend 950DT").announced);
  EXPECT_FALSE(Get("H100").announced);
}

// A small catalog on disk, one file of which each test spoils.
class CatalogReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(::testing::TempDir()) /
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    const std::filesystem::path shipped = kShipped;
    for (const char* file :
         {"accelerators/nvidia-h100-sxm-80gb", "accelerators/nvidia-a100-sxm-80gb",
          "accelerators/nvidia-a100-sxm-40gb", "accelerators/nvidia-h100-96gb-hbm2e",
          "servers/hgx-a100", "servers/hgx-h100", "fabrics/nvlink4", "fabrics/nvlink3",
          "kernels/nvidia-h100", "kernels/nvidia-h100-500w", "kernels/nvidia-a100",
          "regions/us-ohio", "prices/default", "stacks/mindspeed-2024"}) {
      const std::filesystem::path path = std::string(file) + ".textproto";
      std::filesystem::create_directories((root_ / path).parent_path());
      std::filesystem::copy_file(shipped / path, root_ / path);
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string PathOf(const std::string& file) const { return root_ / (file + ".textproto"); }

  void Write(const std::string& file, const std::string& content) const {
    std::ofstream(PathOf(file), std::ios::binary) << content;
  }

  // Replaces a piece of text that must occur exactly as given.
  void Spoil(const std::string& file, const std::string& what, const std::string& by) const {
    std::ifstream in(PathOf(file));
    std::string text((std::istreambuf_iterator<char>(in)), {});
    ASSERT_THAT(text, HasSubstr(what));
    Write(file, absl::StrReplaceAll(text, {{what, by}}));
  }

  // The error, which must be about `file`; without the file's path.
  std::string ErrorOf(const std::string& file) const {
    const absl::Status status = ReadCatalog(root_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    const std::string message(status.message()), prefix = PathOf(file) + ":";
    EXPECT_THAT(message, StartsWith(prefix));
    return message.substr(std::min(message.size(), prefix.size()));
  }

  std::filesystem::path root_;
};

constexpr char kH100[] = "accelerators/nvidia-h100-sxm-80gb";

TEST_F(CatalogReaderTest, TheUnspoiltOneLoads) {
  const auto catalog = ReadCatalog(root_);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->accelerators.size(), 4);
  EXPECT_EQ(catalog->servers.at("hgx-h100").accelerators, 8);
}

TEST_F(CatalogReaderTest, NoCatalog) {
  EXPECT_THAT(std::string(ReadCatalog(root_ / "nowhere").status().message()),
              HasSubstr("nowhere: is no catalog; a folder with accelerators/"));
}

TEST_F(CatalogReaderTest, UnknownField) {
  Spoil(kH100, "memory_bytes: 80e9", "memory_byte: 80e9");
  EXPECT_THAT(ErrorOf(kH100), AllOf(HasSubstr("memory_byte: unknown field of Accelerator"),
                                    HasSubstr("did you mean \"memory_bytes\"")));
}

TEST_F(CatalogReaderTest, BadNumber) {
  Spoil(kH100, "tdp_w: 700", "tdp_w: \"700 W\"");
  EXPECT_THAT(ErrorOf(kH100),
              HasSubstr("tdp_w: Expected double, got: \"700 W\"; a number without"));
}

TEST_F(CatalogReaderTest, NotANumber) {
  Spoil(kH100, "tdp_w: 700", "tdp_w: nan");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr("tdp_w: is nan; a finite number is needed"));
}

TEST_F(CatalogReaderTest, ValuesInTheWrongUnitAreOutOfRange) {
  Spoil(kH100, "memory_bytes: 80e9", "memory_bytes: 80");
  EXPECT_THAT(ErrorOf(kH100),
              AllOf(HasSubstr(" memory_bytes: is 80; between 1e+09 and 4e+12 bytes"),
                    HasSubstr("80 GB is 80e9")));
  Spoil(kH100, "memory_bytes: 80\n", "memory_bytes: 80e9\n");
  Spoil(kH100, "dtype: BF16 flops_per_s: 989e12", "dtype: BF16 flops_per_s: 989");
  EXPECT_THAT(ErrorOf(kH100), AllOf(HasSubstr(" peak[2].flops_per_s: is 989; between"),
                                    HasSubstr("989 TFLOP/s is 989e12")));
  Spoil(kH100, "flops_per_s: 989 }", "flops_per_s: -989e12 }");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr(" peak[2].flops_per_s: is -9.89e+14; between"));
}

TEST_F(CatalogReaderTest, RangesInOrder) {
  Spoil(kH100, "low: 22000", "low: 32000");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr("price_usd: is out of order; low <= typical <= high"));
}

TEST_F(CatalogReaderTest, ContradictingFields) {
  Spoil(kH100, "idle_w: 75", "idle_w: 750");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr("idle_w: is 750; less than tdp_w, 700"));
}

TEST_F(CatalogReaderTest, VisibleMemoryNearTheMemorySold) {
  Spoil(kH100, "visible_memory_bytes: 84", "visible_memory_bytes: 184");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr("visible_memory_bytes: is 2.3"));
}

TEST_F(CatalogReaderTest, TwoPeaksOfOneFormat) {
  Spoil(kH100, "dtype: FP16", "dtype: BF16");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr("peak[3]: a second peak of one format"));
}

TEST_F(CatalogReaderTest, UnknownFormat) {
  Spoil(kH100, "dtype: FP8", "dtype: FP9");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr("dtype: unknown value \"FP9\"; did you mean"));
}

TEST_F(CatalogReaderTest, MissingField) {
  Spoil(kH100, "memory_bandwidth_bytes_per_s: 3.35e12", "");
  EXPECT_THAT(ErrorOf(kH100),
              HasSubstr("memory_bandwidth_bytes_per_s: is missing; every Accelerator states it"));
}

TEST_F(CatalogReaderTest, NumberWithoutEvidence) {
  Spoil(kH100, "  field: \"tdp_w\"\n", "");
  EXPECT_THAT(ErrorOf(kH100), AllOf(HasSubstr(" tdp_w: no evidence vouches for it"),
                                    HasSubstr("field: \"tdp_w\"")));
}

TEST_F(CatalogReaderTest, NameIsTheFiles) {
  Spoil(kH100, "name: \"nvidia-h100-sxm-80gb\"", "name: \"h100\"");
  EXPECT_EQ(ErrorOf(kH100), "3: name: is \"h100\"; the file's name, \"nvidia-h100-sxm-80gb\"");
}

TEST_F(CatalogReaderTest, DuplicateNamesAndAliases) {
  Spoil(kH100, "alias: \"H100\"", "alias: \"a100\"");
  EXPECT_THAT(ErrorOf(kH100), AllOf(HasSubstr(": alias[1]: \"a100\" is taken by "),
                                    HasSubstr("nvidia-a100-sxm-80gb.textproto"),
                                    HasSubstr("unique within a kind")));
  Spoil(kH100, "alias: \"a100\"", "alias: \"NVIDIA-A100-sxm-80gb\"");
  EXPECT_THAT(ErrorOf(kH100), HasSubstr("is taken by"));
}

TEST_F(CatalogReaderTest, ReferencesResolve) {
  Spoil(kH100, "scale_up_fabric: \"nvlink4\"", "scale_up_fabric: \"nvlink5\"");
  EXPECT_THAT(ErrorOf(kH100), AllOf(HasSubstr(" scale_up_fabric: unknown fabric \"nvlink5\"; "),
                                    HasSubstr("did you mean \"nvlink")));
  Spoil(kH100, "scale_up_fabric: \"nvlink5\"", "scale_up_fabric: \"NVLink-4\"");
  Spoil("servers/hgx-h100", "accelerator: \"nvidia-h100-sxm-80gb\"", "accelerator: \"H101\"");
  EXPECT_THAT(ErrorOf("servers/hgx-h100"),
              AllOf(HasSubstr("accelerator[0]: unknown accelerator"), HasSubstr("\"H100\"")));
}

TEST_F(CatalogReaderTest, ReferencesByAliasBecomeNames) {
  Spoil(kH100, "scale_up_fabric: \"nvlink4\"", "scale_up_fabric: \"NVLink-4\"");
  const auto catalog = ReadCatalog(root_);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->accelerators.at("nvidia-h100-sxm-80gb").scale_up_fabric, "nvlink4");
}

TEST_F(CatalogReaderTest, ServersAreChecked) {
  Spoil("servers/hgx-h100", "fan_w: 900", "fan_w: 2900");
  EXPECT_THAT(ErrorOf("servers/hgx-h100"),
              HasSubstr("fan_w: is 2900; less than overhead_max_w, 2800"));
  Spoil("servers/hgx-h100", "fan_w: 2900", "fan_w: 900");
  Spoil("servers/hgx-h100", "nics: 8\n", "");
  EXPECT_THAT(ErrorOf("servers/hgx-h100"), HasSubstr("nics: nics without nic_bandwidth"));
  Spoil("servers/hgx-h100", "nic_bandwidth_bytes_per_s: 50e9",
        "nics: 8 nic_bandwidth_bytes_per_s: 400");
  EXPECT_THAT(ErrorOf("servers/hgx-h100"), HasSubstr("400 Gbit/s is 50e9"));
}

TEST_F(CatalogReaderTest, RegionsAndPricesAreChecked) {
  Spoil("regions/us-ohio", "electricity_usd_per_kwh: 0.079", "electricity_usd_per_kwh: 7.9");
  EXPECT_THAT(ErrorOf("regions/us-ohio"), HasSubstr("is 7.9; between 0.001 and 2 USD/kWh"));
  Spoil("regions/us-ohio", "electricity_usd_per_kwh: 7.9", "electricity_usd_per_kwh: 0.079");
  Spoil("prices/default", "maintenance_ratio_per_year: 0.04", "maintenance_ratio_per_year: 4");
  EXPECT_THAT(ErrorOf("prices/default"), HasSubstr("4 % is 0.04"));
}

TEST_F(CatalogReaderTest, PeakOfAUtilisationInItsUnit) {
  Spoil("stacks/mindspeed-2024", "peak_flops_per_s: 354e12", "peak_flops_per_s: 354");
  EXPECT_THAT(ErrorOf("stacks/mindspeed-2024"),
              AllOf(HasSubstr("utilisation[0].peak_flops_per_s: is 354; between"),
                    HasSubstr("354 TFLOP/s is 354e12")));
}

TEST_F(CatalogReaderTest, DamagedFiles) {
  Write("regions/us-ohio", std::string("\x0a\x07us-ohio\x12\x80\xc8\xaf\xa0\x25", 15));
  EXPECT_THAT(ErrorOf("regions/us-ohio"), HasSubstr("says that it is 10000000000 bytes long"));
  Write("regions/us-ohio", std::string("\x0a\x07us-oh", 7));
  EXPECT_THAT(ErrorOf("regions/us-ohio"), HasSubstr("truncated"));
  Write("regions/us-ohio", "");
  EXPECT_THAT(ErrorOf("regions/us-ohio"), HasSubstr("is empty; give a Region message"));
}

TEST_F(CatalogReaderTest, StrayFile) {
  std::ofstream(root_ / "regions" / "us-iowa.txt") << "x";
  EXPECT_THAT(std::string(ReadCatalog(root_).status().message()),
              HasSubstr("us-iowa.txt: is no catalog entry; entries end in .textproto"));
}

TEST_F(CatalogReaderTest, WhereTheCatalogIs) {
  unsetenv("FLEETSIM_CATALOG");
  EXPECT_EQ(*LocateCatalog(""), std::filesystem::canonical(kShipped));
  EXPECT_EQ(*LocateCatalog(root_), root_.string());
  EXPECT_THAT(std::string(LocateCatalog("/nowhere").status().message()),
              HasSubstr("/nowhere: the catalog that --catalog names is no folder"));
  setenv("FLEETSIM_CATALOG", root_.c_str(), 1);
  EXPECT_EQ(*LocateCatalog(""), root_.string());
  unsetenv("FLEETSIM_CATALOG");
}

}  // namespace
}  // namespace fleetsim
