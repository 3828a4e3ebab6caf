#include "sim/economics/notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetsim {
namespace {

using ::testing::SizeIs;

std::string SourceOf(const std::vector<Evidence>& evidence) {
  Notes notes;
  notes.Cite("price", evidence, "price_usd");
  return notes.TakeAssumptions().front().source;
}

TEST(NotesTest, ACatalogNumberBringsItsRecord) {
  EXPECT_EQ(SourceOf({{{"tdp_w"}, EvidenceKind::kVendor, "data sheet", 2020, ""},
                      {{"price_usd"}, EvidenceKind::kReported, "press", 2024, ""}}),
            "press (2024)");
  EXPECT_EQ(SourceOf({{{"price_usd"}, EvidenceKind::kReported, "press of May 2024", 2024, ""}}),
            "press of May 2024");
  EXPECT_EQ(SourceOf({{{"price_usd"}, EvidenceKind::kAssumed, "", 0, "as its sister"}}),
            "as its sister");
  EXPECT_EQ(SourceOf({}), "the catalog entry names no source");
}

TEST(NotesTest, AStatementIsKeptOnce) {
  Notes notes;
  notes.State("PUE: 1.1", "--pue");
  notes.State("PUE: 1.1", "--pue");
  notes.Miss("rent", "no price");
  notes.Miss("rent", "no price");
  notes.Miss("rent", "no other price");
  EXPECT_THAT(notes.TakeAssumptions(), SizeIs(1));
  EXPECT_THAT(notes.TakeMissing(), SizeIs(2));
}

}  // namespace
}  // namespace fleetsim
