#include "sim/parallel/placement.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

Fleet FleetOf(int hosts, int accelerators) {
  Fleet fleet;
  fleet.file = "fleet.xml";
  fleet.leaves.push_back({.id = "leaf0", .accelerators = accelerators});
  for (int i = 0; i < hosts; ++i) fleet.hosts.push_back({"h" + std::to_string(i), 0});
  return fleet;
}

TEST(Placement, TensorThenDataThenPipeline) {
  const Fleet fleet = FleetOf(4, 8);
  const absl::StatusOr<Placement> placement = Place({.tensor = 4, .pipeline = 2, .data = 4}, fleet);
  ASSERT_TRUE(placement.ok());
  ASSERT_EQ(placement->workers.size(), 8u);
  EXPECT_EQ(placement->workers[placement->WorkerOf(0, 1)].host, 0);
  EXPECT_EQ(placement->workers[placement->WorkerOf(0, 1)].first_accelerator, 4);
  EXPECT_EQ(placement->workers[placement->WorkerOf(1, 0)].host, 2);
}

TEST(Placement, LeftOverAcceleratorsOfAHostStayIdle) {
  const absl::StatusOr<Placement> placement = Place({.tensor = 3, .data = 4}, FleetOf(2, 8));
  ASSERT_TRUE(placement.ok());
  EXPECT_EQ(placement->workers[2].host, 1);
}

TEST(Placement, SaysWhatIsMissing) {
  EXPECT_THAT(std::string(Place({.tensor = 16}, FleetOf(4, 8)).status().message()),
              HasSubstr("16 accelerators do not fit in a scale-up domain of 8"));
  EXPECT_THAT(std::string(Place({.tensor = 8, .data = 8}, FleetOf(4, 8)).status().message()),
              HasSubstr("needs 64 accelerators"));
}

}  // namespace
}  // namespace fleetsim
