#include "sim/inference/instance_place.h"

#include <gmock/gmock.h>

#include <string>

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Three hosts of eight under one leaf, two of four under another.
Fleet TwoLeaves() {
  Fleet fleet;
  fleet.name = "two";
  fleet.file = "two.xml";
  for (const int accelerators : {8, 4}) {
    Leaf leaf;
    leaf.id = "leaf" + std::to_string(fleet.leaves.size());
    leaf.accelerators = accelerators;
    fleet.leaves.push_back(leaf);
  }
  for (const int leaf : {0, 0, 0, 1, 1}) fleet.hosts.push_back({"host", leaf});
  return fleet;
}

PoolRequest PoolOf(int tensor, std::optional<int> instances = std::nullopt) {
  PoolRequest pool;
  pool.layout.tensor = tensor;
  pool.instances = instances;
  return pool;
}

absl::StatusOr<std::vector<PoolPlace>> Place(std::vector<PoolRequest> pools) {
  ServingJob job;
  job.pools = std::move(pools);
  static const Fleet fleet = TwoLeaves();
  static const Catalog catalog;
  return PlaceInstances(job, fleet, catalog);
}

TEST(InstancePlace, SmallInstancesShareHostsAndLeavesStayApart) {
  const auto places = Place({PoolOf(4)});
  ASSERT_TRUE(places.ok()) << places.status();
  ASSERT_EQ(places->size(), 2);
  EXPECT_EQ((*places)[0].instances.size(), 6);  // 3 hosts of 8
  EXPECT_EQ((*places)[1].instances.size(), 2);  // 2 hosts of 4
  EXPECT_THAT((*places)[0].instances[1], ElementsAre(0));
  EXPECT_THAT((*places)[1].instances[0], ElementsAre(3));
}

TEST(InstancePlace, LargeInstancesFillHostsUnderOneLeaf) {
  const auto places = Place({PoolOf(16)});
  ASSERT_TRUE(places.ok()) << places.status();
  ASSERT_EQ(places->size(), 1);
  EXPECT_THAT((*places)[0].instances, ElementsAre(ElementsAre(0, 1)));
}

// The first pool takes what the second one leaves.
TEST(InstancePlace, StatedNumbersComeFirst) {
  const auto places = Place({PoolOf(8), PoolOf(8, 2)});
  ASSERT_TRUE(places.ok()) << places.status();
  ASSERT_EQ(places->size(), 3);
  EXPECT_EQ((*places)[0].request, 0);
  EXPECT_THAT((*places)[0].instances, ElementsAre(ElementsAre(2)));
  EXPECT_EQ((*places)[1].request, 0);
  EXPECT_THAT((*places)[1].instances, ElementsAre(ElementsAre(3, 4)));  // two hosts of four
  EXPECT_THAT((*places)[2].instances, ElementsAre(ElementsAre(0), ElementsAre(1)));
}

TEST(InstancePlace, NoRoomSaysForHowMany) {
  const auto places = Place({PoolOf(8, 5)});  // three of one host each, one of two hosts of four
  EXPECT_EQ(places.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(places.status().message()), HasSubstr("give instances: 4"));
  EXPECT_THAT(std::string(Place({PoolOf(32)}).status().message()), HasSubstr("smaller layout"));
}

}  // namespace
}  // namespace fleetsim
