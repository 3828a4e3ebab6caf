#include "sim/inputs/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"
#include "proto/catalog.pb.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::vector<Evidence>> Read(const std::string& text) {
  proto::Fabric fabric;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &fabric)) << text;
  return ReadEvidence(fabric, "x.textproto", FieldLines());
}

TEST(ReadEvidence, KeepsEveryRecordInOrder) {
  const auto evidence = Read(R"(
      name: "x" port_bandwidth_bytes_per_s: 1e9 protocol { algorithm: "ring" latency_s: 1e-6 }
      evidence { field: "port_bandwidth_bytes_per_s" kind: VENDOR source: "sheet" year: 2020 }
      evidence { field: "protocol" kind: MEASURED source: "table 3" year: 2024 note: "fit" })");
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  ASSERT_EQ(evidence->size(), 2u);
  EXPECT_EQ((*evidence)[0].kind, EvidenceKind::kVendor);
  EXPECT_EQ((*evidence)[1].fields, std::vector<std::string>{"protocol"});
  EXPECT_EQ((*evidence)[1].year, 2024);
  EXPECT_EQ((*evidence)[1].note, "fit");
}

TEST(ReadEvidence, TextAndFlagsNeedNoEvidence) {
  EXPECT_TRUE(Read(R"(name: "x" alias: "y" kind: SCALE_OUT announced: true notes: "z")").ok());
}

struct Wrong {
  const char* text;
  const char* message;
};

// What ctest lists the case as.
void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.message; }

class WrongEvidence : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongEvidence, IsRefusedWithFileAndField) {
  const auto evidence = Read(GetParam().text);
  ASSERT_FALSE(evidence.ok());
  EXPECT_EQ(evidence.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(evidence.status().message()), HasSubstr(GetParam().message));
  EXPECT_THAT(std::string(evidence.status().message()), HasSubstr("x.textproto"));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongEvidence,
    ::testing::Values(
        Wrong{"base_latency_s: 1e-6", "base_latency_s: no evidence vouches for it"},
        // Zero that was written is a number too.
        Wrong{"base_latency_s: 0", "no evidence vouches for it; an `evidence { field"},
        Wrong{"protocol { algorithm: 'ring' }", "protocol: no evidence vouches for it"},
        Wrong{"evidence { kind: VENDOR source: 's' year: 2020 }", "evidence[0].field"},
        Wrong{"evidence { field: 'name' source: 's' year: 2020 }", "evidence[0].kind"},
        Wrong{"evidence { field: 'name' kind: VENDOR year: 2020 }", "evidence[0].source"},
        Wrong{"evidence { field: 'name' kind: VENDOR source: 's' }", "evidence[0].year: is 0"},
        Wrong{"evidence { field: 'name' kind: VENDOR source: 's' year: 20 }", "is 20"},
        Wrong{"evidence { field: 'nmae' kind: VENDOR source: 's' year: 2020 }", "\"nmae\""},
        Wrong{"evidence { field: 'name' kind: ASSUMED }", "evidence[0].note"},
        Wrong{"evidence { field: 'name' kind: ESTIMATED source: 's' year: 2020 }",
              "evidence[0].note: is missing; say how"}));

}  // namespace
}  // namespace fleetsim
