#include "sim/validation/case_mix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// As the rows of family sailor state it.
MeasuredCase Mixed() {
  MeasuredCase measured;
  measured.accelerator = "mix RTX 3090 + RTX 2080 + Titan RTX";
  measured.fabric =
      "Ethernet; measured per node 22.9 Gb/s (RTX 2080, Titan RTX), 0.93 Gb/s (RTX 3090)";
  measured.notes = "stages: RTX-3090/RTX-2080 | Titan-RTX/RTX-2080; Megatron-DeepSpeed based";
  return measured;
}

TEST(CaseMix, HostsInTheOrderOfTheRanks) {
  EXPECT_TRUE(NamesMixedAccelerators(Mixed()));
  EXPECT_THAT(StageAccelerators(Mixed()),
              ElementsAre("RTX-3090", "RTX-2080", "Titan-RTX", "RTX-2080"));
  MeasuredCase plain;
  plain.accelerator = "H100-80GB SXM";
  EXPECT_FALSE(NamesMixedAccelerators(plain));
  EXPECT_THAT(StageAccelerators(plain), IsEmpty());
}

TEST(CaseMix, PortsOfEachKind) {
  EXPECT_DOUBLE_EQ(*PortOfKind(Mixed(), "Titan-RTX"), 22.9e9 / 8);
  EXPECT_DOUBLE_EQ(*PortOfKind(Mixed(), "RTX-3090"), 0.93e9 / 8);
  EXPECT_FALSE(PortOfKind(Mixed(), "RTX-4090").has_value());
}

}  // namespace
}  // namespace fleetsim
