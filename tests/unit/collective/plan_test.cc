#include <gmock/gmock.h>

#include <map>

#include "tests/unit/collective/fabrics_for_tests.h"

namespace fleetsim {
namespace {

using A = CollectiveAlgorithm;
using K = CollectiveKind;

// A library with a plain ring inside, over a plain network: no latency, 1 byte/s a host.
class PlanTest : public ::testing::Test {
 protected:
  PlanTest() : inside_(PlainFabric(A::kRing)), network_(PlainNetwork()) {
    inside_.protocols.push_back({A::kDirect, {}, {}, 1.0, {}, 0});
    group_.hosts = {7, 2, 5, 9};
    group_.nic_share = BytesPerSecond(1);
    group_.local = LinksOf(inside_, 1000);
    group_.scale_out = &network_;
  }
  static Fabric PlainNetwork() {
    Fabric fabric;
    fabric.kind = FabricKind::kScaleOut;
    return fabric;
  }
  // Bytes that each host sends and receives.
  static std::map<int, double> Sent(const CollectivePlan& plan) {
    std::map<int, double> sent;
    for (const HostFlow& flow : plan.flows) sent[flow.source] += flow.bytes.value();
    return sent;
  }
  static std::map<int, double> Received(const CollectivePlan& plan) {
    std::map<int, double> received;
    for (const HostFlow& flow : plan.flows) received[flow.destination] += flow.bytes.value();
    return received;
  }

  Fabric inside_, network_;
  GroupPlacement group_;
};

TEST_F(PlanTest, OneHostIsLocal) {
  group_.hosts = {3};
  group_.ranks_per_host = 8;
  const CollectivePlan plan = PlanCollective(K::kAllReduce, Bytes(800), group_);
  EXPECT_TRUE(plan.flows.empty());
  EXPECT_EQ(plan.local_floor, LocalCollectiveTime(K::kAllReduce, 8, Bytes(800), group_.local));
  EXPECT_EQ(CollectiveTime(plan), plan.local_floor);
}

// 4 hosts of 2: n = 8, each boundary carries 2 x 7/8 of the buffer, once a lane, in one round.
TEST_F(PlanTest, ARingIsOneRoundOfFlowsToTheNextHost) {
  group_.ranks_per_host = 2;
  group_.lanes = 3;
  const CollectivePlan plan = PlanCollective(K::kAllReduce, Bytes(80), group_);
  ASSERT_EQ(plan.flows.size(), 4u);
  const std::vector<int> next = {2, 5, 9, 7};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(plan.flows[i].source, group_.hosts[i]);
    EXPECT_EQ(plan.flows[i].destination, next[i]);
    EXPECT_NEAR(plan.flows[i].bytes.value(), 3 * 140, 1e-9);
  }
  // Each accelerator sends its 140 bytes over the domain's links, whatever the lanes.
  EXPECT_NEAR(plan.local_floor.value(), 0.14, 1e-12);
  EXPECT_NEAR(CollectiveTime(plan).value(), 420, 1e-9);
}

TEST_F(PlanTest, HalvesOfAnAllReduceSendHalf) {
  for (const K kind : {K::kReduceScatter, K::kAllGather}) {
    const CollectivePlan plan = PlanCollective(kind, Bytes(80), group_);
    EXPECT_THAT(Sent(plan), ::testing::Each(::testing::Pair(::testing::_, 60.0)));
    EXPECT_EQ(plan.local_floor, Seconds(0));  // one rank a host: nothing inside
  }
}

// Two hosts: the tree's single edge carries the buffer once each way, a ring 2 x 15/16 of it.
TEST_F(PlanTest, BetweenTwoHostsTheTreeSendsTheBufferOnce) {
  group_.hosts = {0, 1};
  group_.ranks_per_host = 8;
  const CollectivePlan plan = PlanCollective(K::kAllReduce, Bytes(80), group_);
  EXPECT_EQ(Sent(plan), (std::map<int, double>{{0, 80.0}, {1, 80.0}}));
  EXPECT_EQ(Received(plan), (std::map<int, double>{{0, 80.0}, {1, 80.0}}));
}

// With latency alone: 2 log2(N) steps of a tree against 2 (N-1) of a ring.
TEST_F(PlanTest, SmallMessagesTakeTheTree) {
  network_.collective_step_latency = Seconds(10);
  group_.hop_latency = Seconds(1);
  group_.hosts.resize(64);
  for (int i = 0; i < 64; ++i) group_.hosts[i] = i;
  EXPECT_NEAR(CollectiveTime(PlanCollective(K::kAllReduce, Bytes(1e-9), group_)).value(),
              2 * 6 * 11, 1e-6);
  // An all-gather has no tree in the library.
  EXPECT_NEAR(CollectiveTime(PlanCollective(K::kAllGather, Bytes(1e-9), group_)).value(), 63 * 11,
              1e-6);
}

TEST_F(PlanTest, LargeMessagesTakeTheRing) {
  network_.collective_step_latency = Seconds(1e-3);
  const CollectivePlan plan = PlanCollective(K::kAllReduce, Bytes(8000), group_);
  EXPECT_THAT(Sent(plan), ::testing::Each(::testing::Pair(::testing::_, 12000.0)));
  EXPECT_NEAR(plan.latency.value(), 6e-3, 1e-12);
}

TEST_F(PlanTest, LocalStepsCountBesideTheHosts) {
  inside_.protocols[0].latency = Seconds(5);
  inside_.protocols[0].step_latency = Seconds(0.1);
  network_.collective_step_latency = Seconds(10);
  group_.ranks_per_host = 4;  // 16 ranks: 15 steps, 3 of them to the next host
  const CollectivePlan plan = PlanCollective(K::kAllGather, Bytes(1e-9), group_);
  EXPECT_NEAR(plan.latency.value(), 5 + 12 * 0.1 + 3 * 10, 1e-9);
}

TEST_F(PlanTest, UnderOneLeafThePointToPointEfficiencyHolds) {
  network_.point_to_point_efficiency = 0.9;
  network_.collective_efficiency = 0.6;
  EXPECT_NEAR(PlanCollective(K::kAllGather, Bytes(8), group_).flows[0].rate_limit.value(), 0.6,
              1e-12);
  group_.one_leaf = true;
  EXPECT_NEAR(PlanCollective(K::kAllGather, Bytes(8), group_).flows[0].rate_limit.value(), 0.9,
              1e-12);
}

// HCCL: 4 hosts of 8 send 2 x 3/4 of the buffer, not 2 x 31/32; inside each a reduce-scatter and an
// all-gather over seven links.
TEST_F(PlanTest, AHierarchicalLibraryReducesInsideFirst) {
  Fabric mesh = PlainFabric(A::kDirect, FabricTopology::kFullMesh);
  mesh.protocols.push_back({A::kHierarchical, {}, {}, 1.0, {}, 0});
  group_.local = LinksOf(mesh, 196, 28);
  group_.ranks_per_host = 8;
  const CollectivePlan plan = PlanCollective(K::kAllReduce, Bytes(1120), group_);
  EXPECT_THAT(Sent(plan), ::testing::Each(::testing::Pair(::testing::_, 1680.0)));
  EXPECT_NEAR(plan.local_floor.value(), 2 * 7.0 / 8 * 1120 / 196, 1e-9);
}

// A slow scale-up fabric bounds a fast network.
TEST_F(PlanTest, TheDomainCanBeTheBottleneck) {
  group_.ranks_per_host = 2;
  group_.nic_share = BytesPerSecond(1e6);
  const CollectivePlan plan = PlanCollective(K::kAllGather, Bytes(8000), group_);
  EXPECT_NEAR(CollectiveTime(plan).value(), 7000.0 / 1000, 1e-9);
}

// Every rank has 1/n of its buffer for every rank: a host sends r ranks x (N-1)/N of a buffer.
TEST_F(PlanTest, AllToAllConservesBytes) {
  group_.ranks_per_host = 2;
  group_.lanes = 3;
  for (const int hosts : {2, 4, 65, 200}) {
    group_.hosts.resize(hosts);
    for (int i = 0; i < hosts; ++i) group_.hosts[i] = i;
    const CollectivePlan plan = PlanCollective(K::kAllToAll, Bytes(80), group_);
    const double each = 80.0 * 2 * 3 * (hosts - 1) / hosts;
    for (const auto& totals : {Sent(plan), Received(plan)}) {
      ASSERT_EQ(totals.size(), static_cast<size_t>(hosts));
      for (const auto& [host, bytes] : totals) EXPECT_NEAR(bytes, each, 1e-9);
    }
    EXPECT_NEAR(CollectiveTime(plan).value(), each, 1e-9);
    EXPECT_LE(plan.flows.size(), static_cast<size_t>(hosts) * 64);
  }
}

// SHARP: up to the switches and down again, once each, whatever the number of hosts.
TEST_F(PlanTest, SwitchesThatReduceHaveEachHostSendTheBufferOnce) {
  network_.in_network_reduction = true;
  network_.collective_step_latency = Seconds(7);
  group_.lanes = 3;
  const CollectivePlan plan = PlanCollective(K::kAllReduce, Bytes(80), group_);
  EXPECT_THAT(Sent(plan), ::testing::Each(::testing::Pair(::testing::_, 240.0)));
  EXPECT_EQ(plan.choice.algorithm, A::kInNetwork);
  EXPECT_NEAR(plan.latency.value(), 2 * 7, 1e-12);
  EXPECT_NE(PlanCollective(K::kAllGather, Bytes(80), group_).choice.algorithm, A::kInNetwork);
}

// HCCL: the same bytes as a direct all-to-all, one other host after another.
TEST_F(PlanTest, APairwiseAllToAllCostsAMessageForEachFurtherHost) {
  network_.base_latency = Seconds(3);
  network_.collective_step_latency = Seconds(20);
  const CollectivePlan direct = PlanCollective(K::kAllToAll, Bytes(80), group_);
  inside_.protocols.push_back({A::kPairwise, {}, {}, 1.0, {}, 0});
  const CollectivePlan pairwise = PlanCollective(K::kAllToAll, Bytes(80), group_);
  EXPECT_EQ(direct.choice.algorithm, A::kDirect);
  EXPECT_EQ(pairwise.choice.algorithm, A::kPairwise);
  EXPECT_EQ(Sent(pairwise), Sent(direct));
  EXPECT_NEAR((pairwise.latency - direct.latency).value(), 2 * 3, 1e-12);
}

// Two ranks on each of 4 hosts: one of a host's two sends to the next host.
TEST_F(PlanTest, TransfersGoRoundTheRing) {
  group_.ranks_per_host = 2;
  network_.point_to_point_efficiency = 0.5;
  const CollectivePlan plan = PlanTransfers(Bytes(80), group_);
  EXPECT_THAT(Sent(plan), ::testing::Each(::testing::Pair(::testing::_, 80.0)));
  EXPECT_NEAR(plan.flows[0].rate_limit.value(), 0.25, 1e-12);
  EXPECT_EQ(plan.local_floor, LocalTransferTime(Bytes(80), group_.local));
}

// Between 2 and 4 ranks, and 4 and 8, in proportion.
TEST(MeshEfficiency, FollowsTheMeasuredNumbersOfRanks) {
  Fabric mesh = PlainFabric(A::kDirect, FabricTopology::kFullMesh);
  const DomainLinks links = LinksOf(mesh, 700);
  std::map<int, double> plain;
  for (const int ranks : {2, 3, 4, 6, 8}) {
    plain[ranks] = LocalCollectiveTime(K::kAllGather, ranks, Bytes(800), links).value();
  }
  mesh.group_efficiency = {{2, 1.0}, {4, 0.5}, {8, 0.9}};
  const std::map<int, double> expected = {{2, 1.0}, {3, 0.75}, {4, 0.5}, {6, 0.7}, {8, 0.9}};
  for (const auto& [ranks, ratio] : expected) {
    EXPECT_NEAR(plain[ranks] / LocalCollectiveTime(K::kAllGather, ranks, Bytes(800), links).value(),
                ratio, 1e-9);
  }
}

TEST_F(PlanTest, TheClosedFormIsTheTimeOfThePlan) {
  network_.base_latency = network_.collective_step_latency = Seconds(3);
  group_.ranks_per_host = 2;
  for (const int hosts : {1, 2, 4, 100}) {
    group_.hosts.resize(hosts);
    for (int i = 0; i < hosts; ++i) group_.hosts[i] = i;
    for (const K kind : {K::kAllReduce, K::kReduceScatter, K::kBroadcast, K::kAllToAll}) {
      for (const double bytes : {0.0, 1.0, 1e5}) {
        EXPECT_NEAR(CollectiveTime(kind, Bytes(bytes), group_).value(),
                    CollectiveTime(PlanCollective(kind, Bytes(bytes), group_)).value(), 1e-6);
      }
    }
  }
}

TEST_F(PlanTest, ABroadcastPassesTheBufferDownTheHosts) {
  group_.lanes = 2;
  const CollectivePlan plan = PlanCollective(K::kBroadcast, Bytes(10), group_);
  EXPECT_EQ(Received(plan), (std::map<int, double>{{2, 20.0}, {5, 20.0}, {9, 20.0}}));
}

// NCCL's ring holds 4 MiB / 8 a channel: with two ports a hop between hosts passes on 1 MiB at
// 2 bytes/s, one inside a host at 1000 bytes/s. Four hosts of two ranks: three of each.
TEST_F(PlanTest, ABroadcastFillsTheBuffersOfAllHops) {
  network_.port_bandwidth = BytesPerSecond(1);
  group_.nic_share = BytesPerSecond(2);
  group_.ranks_per_host = 2;
  const double step = 1024.0 * 1024.0;
  const CollectivePlan plan = PlanCollective(K::kBroadcast, Bytes(100 * step), group_);
  EXPECT_NEAR(plan.latency.value(), 3 * (step / 2 + step / 1000), 1e-6);
  // A buffer shorter than that is passed on whole.
  EXPECT_NEAR(PlanCollective(K::kBroadcast, Bytes(10), group_).latency.value(),
              3 * (10.0 / 2 + 10.0 / 1000), 1e-9);
}

}  // namespace
}  // namespace fleetsim
