#include "sim/inputs/fabric_reader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "absl/strings/ascii.h"
#include "google/protobuf/text_format.h"
#include "proto/catalog.pb.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Fabric> Read(const std::string& text) {
  proto::Fabric entry;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &entry)) << text;
  return ReadFabric(entry, "x.textproto", FieldLines());
}

constexpr char kScaleUp[] = R"(
    name: "x" kind: SCALE_UP topology: SWITCHED point_to_point_efficiency_ratio: 0.9
    base_latency_s: 1e-6
    protocol { algorithm: "ring" latency_s: 5e-6 step_latency_s: 1e-6 efficiency_ratio: 0.8
               fill_s: 2e-6 drain_ratio: 0.5 }
    protocol { algorithm: "direct" efficiency_ratio: 0.7 }
    evidence { field: "point_to_point_efficiency_ratio" field: "base_latency_s" field: "protocol"
               kind: MEASURED source: "s" year: 2024 } )";

constexpr char kScaleOut[] = R"(
    name: "x" kind: SCALE_OUT port_bandwidth_bytes_per_s: 5e10
    point_to_point_efficiency_ratio: 0.9 collective_efficiency_ratio: 0.8 base_latency_s: 1e-6
    evidence { field: "port_bandwidth_bytes_per_s" field: "point_to_point_efficiency_ratio"
               field: "collective_efficiency_ratio" field: "base_latency_s"
               kind: MEASURED source: "s" year: 2024 } )";

TEST(ReadFabric, KeepsWhatTheEntrySays) {
  const auto fabric = Read(kScaleUp);
  ASSERT_TRUE(fabric.ok()) << fabric.status();
  EXPECT_EQ(fabric->kind, FabricKind::kScaleUp);
  EXPECT_EQ(fabric->topology, FabricTopology::kSwitched);
  EXPECT_EQ(fabric->point_to_point_efficiency, 0.9);
  ASSERT_EQ(fabric->protocols.size(), 2u);
  EXPECT_EQ(fabric->protocols[0].algorithm, CollectiveAlgorithm::kRing);
  EXPECT_EQ(fabric->protocols[0].fill, Seconds(2e-6));
  EXPECT_EQ(fabric->protocols[0].drain, 0.5);
  EXPECT_EQ(fabric->evidence.size(), 1u);
}

TEST(ReadFabric, ACollectiveStepTakesAtLeastAMessage) {
  const auto fabric = Read(kScaleOut);
  ASSERT_TRUE(fabric.ok()) << fabric.status();
  EXPECT_EQ(fabric->collective_step_latency, Seconds(1e-6));
}

struct Wrong {
  std::string text;
  const char* message;
};

// What ctest lists the case as.
void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.message; }

class WrongFabric : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongFabric, IsRefusedWithFileAndField) {
  const auto fabric = Read(GetParam().text);
  ASSERT_FALSE(fabric.ok());
  EXPECT_EQ(fabric.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(fabric.status().message()), HasSubstr(GetParam().message));
}

std::string With(const std::string& base, const std::string& more) { return base + more; }
std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongFabric,
    ::testing::Values(
        Wrong{Replace(kScaleUp, "name: \"x\"", ""), "name: is missing"},
        Wrong{Replace(kScaleUp, "kind: SCALE_UP", ""), "kind: is missing; one of SCALE_UP"},
        Wrong{Replace(kScaleUp, "topology: SWITCHED", ""), "topology: is missing"},
        Wrong{With(kScaleOut, "topology: SWITCHED"), "topology: is stated"},
        Wrong{Replace(kScaleOut, "base_latency_s: 1e-6", ""), "base_latency_s: is missing"},
        Wrong{Replace(kScaleOut, "5e10", "400"), "port_bandwidth_bytes_per_s: is 400"},
        Wrong{Replace(kScaleOut, "ratio: 0.8", "ratio: 80"),
              "collective_efficiency_ratio: is 80; more than 0, at most 1"},
        Wrong{Replace(kScaleOut, "base_latency_s: 1e-6", "base_latency_s: 3"),
              "base_latency_s: is 3; 0 to 0.1"},
        Wrong{Replace(kScaleUp, "0.8", "-0.8"), "protocol[0].efficiency_ratio: is -0.8"},
        Wrong{Replace(kScaleUp, "\"ring\"", "\"rign\""), "protocol[0].algorithm: \"rign\"; one of"},
        Wrong{Replace(kScaleUp, "\"ring\"", "\"direct\""), "protocol: has no \"ring\""},
        Wrong{Replace(kScaleUp, "\"direct\"", "\"ring\""), "protocol: has no \"direct\""},
        Wrong{With(kScaleOut, "protocol { algorithm: 'ring' }"), "protocol[0]: is stated"},
        Wrong{With(kScaleUp, "island_accelerators: 4"), "only PCIE_TREE and ISLANDS"},
        Wrong{With(Replace(kScaleUp, "SWITCHED", "ISLANDS"), "island_accelerators: 4"),
              "island_accelerators: half of it is missing"},
        Wrong{With(kScaleUp, "group_efficiency { ranks: 4 ratio: 0.8 }"),
              "group_efficiency[0].ranks: is stated; only a FULL_MESH"},
        Wrong{
            With(Replace(kScaleUp, "SWITCHED", "FULL_MESH"),
                 "group_efficiency { ranks: 4 ratio: 0.8 } group_efficiency { ranks: 2 ratio: 1 }"),
            "group_efficiency[1].ranks: is 2; more than 4"},
        Wrong{With(kScaleUp, "in_network_reduction: true"), "in_network_reduction: is true; false"},
        Wrong{With(kScaleUp, "expert_kernel { library: 'deep' phase: 'combine' }"),
              "expert_kernel[0].library: \"deep\"; one of normal, low_latency, one_sided"},
        Wrong{With(kScaleUp, "expert_kernel { library: 'normal' phase: 'both' }"),
              "expert_kernel[0].phase: \"both\"; dispatch or combine"},
        Wrong{With(kScaleUp, "expert_kernel { library: 'normal' phase: 'combine' }"),
              "expert_kernel[0].efficiency_ratio: is 0; more than 0"},
        Wrong{With(kScaleOut, "expert_kernel { library: 'normal' phase: 'combine' }"),
              "expert_kernel[0]: is stated; only scale-up"},
        Wrong{With(kScaleUp, "hop_latency_s: 1e-6"), "hop_latency_s: no evidence"}));

TEST(FabricEntries, AllLoadAndAreNamedLikeTheirFiles) {
  const std::filesystem::path folder =
      std::filesystem::path(FLEETSIM_SOURCE_DIR) / "platforms/catalog/fabrics";
  std::set<std::string> names;
  int entries = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    proto::Fabric entry;
    const auto lines = ParseProtoFile(file.path().string(), &entry);
    ASSERT_TRUE(lines.ok()) << lines.status();
    const auto fabric = ReadFabric(entry, file.path().string(), *lines);
    ASSERT_TRUE(fabric.ok()) << fabric.status();
    EXPECT_EQ(fabric->name + ".textproto", file.path().filename().string());
    EXPECT_TRUE(names.insert(absl::AsciiStrToLower(fabric->name)).second) << fabric->name;
    for (const std::string& alias : fabric->aliases) {
      EXPECT_TRUE(names.insert(absl::AsciiStrToLower(alias)).second) << alias;
    }
    ++entries;
  }
  EXPECT_GE(entries, 33);  // rows of the published table of fabrics
}

}  // namespace
}  // namespace fleetsim
