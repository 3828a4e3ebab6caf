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
  EXPECT_THAT(std::string(Place({.tensor = 12}, FleetOf(4, 8)).status().message()),
              HasSubstr("tensor: 12 accelerators do not divide over hosts of 8; at most 8, or a"));
  EXPECT_THAT(std::string(Place({.tensor = 64}, FleetOf(4, 8)).status().message()),
              HasSubstr("needs 64 accelerators"));
  EXPECT_THAT(std::string(Place({.tensor = 8, .data = 8}, FleetOf(4, 8)).status().message()),
              HasSubstr("needs 64 accelerators"));
}

TEST(Placement, LargeTensorGroupsTakeWholeNeighbouringHosts) {
  Fleet fleet = FleetOf(7, 8);
  fleet.leaves.push_back({.id = "leaf1", .accelerators = 4});
  fleet.hosts[3].leaf = 1;  // a smaller host in between stays idle
  const absl::StatusOr<Placement> placement = Place({.tensor = 16, .data = 2}, fleet);
  ASSERT_TRUE(placement.ok()) << placement.status();
  ASSERT_EQ(placement->workers.size(), 2u);
  EXPECT_EQ(placement->workers[0].host, 0);
  EXPECT_EQ(placement->workers[0].hosts, 2);
  EXPECT_EQ(placement->workers[1].host, 4);
  EXPECT_EQ(RoomForWorkers(16, fleet), 2);
  EXPECT_EQ(RoomForWorkers(4, fleet), 6 * 2 + 1);
}

TEST(Placement, ExpertRanksLieEvenlyOnTheHostsOfATensorGroup) {
  const Fleet fleet = FleetOf(4, 8);
  EXPECT_TRUE(Place({.tensor = 16, .data = 2, .expert = 4, .expert_tensor = 2}, fleet).ok());
  EXPECT_THAT(
      std::string(Place({.tensor = 24, .expert = 2, .expert_tensor = 6}, fleet).status().message()),
      HasSubstr("parallelism.expert: 2 x expert_tensor 6"));
  EXPECT_THAT(
      std::string(
          Place({.tensor = 32, .expert = 2, .expert_tensor = 16}, fleet).status().message()),
      HasSubstr("expert_tensor: 16 ranks over hosts of 8; at most 8 or all of the"));
}

}  // namespace
}  // namespace fleetsim
