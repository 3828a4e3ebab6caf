#include "sim/collective/local.h"

#include <gmock/gmock.h>

#include <cmath>

#include "sim/collective/bandwidth.h"
#include "tests/unit/collective/fabrics_for_tests.h"

namespace fleetsim {
namespace {

// Bytes each rank sends for a buffer of `bytes`, by hand, over 1 byte/s: seconds are bytes.
struct WireCase {
  CollectiveAlgorithm algorithm;
  CollectiveKind kind;
  int ranks;
  double bytes, sent;
};

// What ctest lists the case as.
void PrintTo(const WireCase& c, std::ostream* out) {
  *out << "algorithm " << static_cast<int>(c.algorithm) << " kind " << static_cast<int>(c.kind)
       << " ranks " << c.ranks;
}

class Wire : public ::testing::TestWithParam<WireCase> {};

TEST_P(Wire, EachRankSends) {
  const WireCase& c = GetParam();
  const Fabric fabric = PlainFabric(c.algorithm);
  DomainLinks links = LinksOf(fabric, 1.0);
  links.engine_kernels = true;
  EXPECT_NEAR(LocalCollectiveTime(c.kind, c.ranks, Bytes(c.bytes), links).value(), c.sent, 1e-9);
  EXPECT_NEAR(LocalCollectiveBound(c.kind, c.ranks, Bytes(c.bytes), links).value(), c.sent, 1e-9);
}

using A = CollectiveAlgorithm;
using K = CollectiveKind;
INSTANTIATE_TEST_SUITE_P(ByHand, Wire,
                         ::testing::Values(WireCase{A::kRing, K::kAllReduce, 2, 24, 24},
                                           WireCase{A::kRing, K::kAllReduce, 3, 24, 32},
                                           WireCase{A::kRing, K::kAllReduce, 4, 24, 36},
                                           WireCase{A::kRing, K::kAllReduce, 8, 24, 42},
                                           WireCase{A::kRing, K::kReduceScatter, 4, 24, 18},
                                           WireCase{A::kRing, K::kAllGather, 8, 24, 21},
                                           WireCase{A::kRing, K::kBroadcast, 8, 24, 24},
                                           WireCase{A::kInSwitch, K::kAllReduce, 8, 24, 27},
                                           WireCase{A::kInSwitch, K::kAllReduce, 2, 24, 36},
                                           WireCase{A::kTree, K::kAllReduce, 2, 24, 24},
                                           WireCase{A::kTree, K::kAllReduce, 8, 24, 48},
                                           WireCase{A::kDirect, K::kAllToAll, 8, 24, 21},
                                           WireCase{A::kOneShot, K::kAllReduce, 4, 24, 72},
                                           WireCase{A::kTwoShot, K::kAllReduce, 4, 24, 36}));

// 8 ranks, 14 steps, 42 bytes at half of 2 bytes/s, and each other term on its own.
TEST(Protocol, CostIsTheSumOfItsTerms) {
  CollectiveProtocol protocol;
  protocol.latency = Seconds(3);
  protocol.step_latency = Seconds(0.5);
  protocol.efficiency = 0.5;
  protocol.fill = Seconds(4);
  protocol.drain = 1.4;
  const ProtocolCost cost = CostOf(protocol, {14, Bytes(42)}, BytesPerSecond(2));
  EXPECT_NEAR(cost.transfer.value(), 42 * 1.1, 1e-9);
  EXPECT_NEAR(cost.latency.value(), 3 + 7 + 2 * std::sqrt(4 * 46.2), 1e-9);
}

// The fill is what the best number of chunks leaves: try all numbers.
TEST(Protocol, FillIsThatOfTheBestChunkSize) {
  const double cost = 1e-3, transfer = 10;  // one chunk, whole transfer
  const double stages = 2;                  // the chunk passes two
  double best = 1e9;
  for (int chunks = 1; chunks < 10000; ++chunks) {
    best = std::min(best, (chunks + stages - 1) * (cost + transfer / chunks));
  }
  const double closed = transfer + (stages - 1) * cost +
                        PipelineFill(Seconds((stages - 1) * cost), Seconds(transfer)).value();
  EXPECT_NEAR(closed, best, 1e-5 * best);
}

TEST(Local, OneRankOrNoBytesTakeNoTime) {
  const Fabric fabric = CatalogFabric("nvlink4");
  const DomainLinks links = LinksOf(fabric, 450e9);
  EXPECT_EQ(LocalCollectiveTime(K::kAllReduce, 1, Bytes(1e9), links), Seconds(0));
  EXPECT_EQ(LocalCollectiveTime(K::kAllReduce, 8, Bytes(0), links), Seconds(0));
}

TEST(Local, TheCheapestProtocolIsTaken) {
  Fabric fabric = PlainFabric(A::kRing);
  fabric.protocols[0].latency = Seconds(100);                  // fast, late
  fabric.protocols.push_back({A::kRing, {}, {}, 0.1, {}, 0});  // slow, at once
  const DomainLinks links = LinksOf(fabric, 1.0);
  EXPECT_NEAR(LocalCollectiveTime(K::kAllReduce, 2, Bytes(10), links).value(), 100, 1e-9);
  EXPECT_NEAR(LocalCollectiveTime(K::kAllReduce, 2, Bytes(1), links).value(), 10, 1e-9);
  EXPECT_NEAR(LocalCollectiveTime(K::kAllReduce, 2, Bytes(1000), links).value(), 1100, 1e-9);
}

TEST(Local, EnginesKernelsOnlyServeEngines) {
  Fabric fabric = PlainFabric(A::kRing);
  fabric.protocols[0].latency = Seconds(100);
  fabric.protocols.push_back({A::kOneShot, {}, {}, 1.0, {}, 0});
  DomainLinks links = LinksOf(fabric, 1.0);
  EXPECT_NEAR(LocalCollectiveTime(K::kAllReduce, 2, Bytes(1), links).value(), 101, 1e-9);
  links.engine_kernels = true;
  EXPECT_NEAR(LocalCollectiveTime(K::kAllReduce, 2, Bytes(1), links).value(), 1, 1e-9);
}

TEST(Local, WithoutAFabricTheHostBusIsAssumed) {
  DomainLinks links;
  links.bandwidth = BytesPerSecond(63e9);
  const Seconds time = LocalCollectiveTime(K::kAllReduce, 8, Bytes(kGiB), links);
  EXPECT_NEAR(BusBandwidth(K::kAllReduce, 8, kGiB, time) / 63e9, 0.44, 0.01);
  EXPECT_GT(LocalCollectiveTime(K::kAllToAll, 8, Bytes(kGiB), links).value(), 0);
}

TEST(Local, TransferTakesLatencyAndOneLink) {
  Fabric mesh = PlainFabric(A::kDirect, FabricTopology::kFullMesh);
  mesh.base_latency = Seconds(5);
  mesh.point_to_point_efficiency = 0.5;
  EXPECT_NEAR(LocalTransferTime(Bytes(8), LinksOf(mesh, 7.0, 1.0)).value(), 5 + 16, 1e-9);
  mesh.topology = FabricTopology::kSwitched;
  EXPECT_NEAR(LocalTransferTime(Bytes(7), LinksOf(mesh, 7.0, 1.0)).value(), 5 + 2, 1e-9);
}

TEST(GroupBandwidth, AMeshGivesOnlyTheLinksBetweenTheRanks) {
  const Fabric mesh = PlainFabric(A::kDirect, FabricTopology::kFullMesh);
  for (const double pairwise : {28.0, 0.0, 196.0}) {  // no more than a seventh of the total
    const DomainLinks links = LinksOf(mesh, 196, pairwise);
    EXPECT_NEAR(GroupBandwidth(2, links).value(), 28, 1e-9);
    EXPECT_NEAR(GroupBandwidth(4, links).value(), 84, 1e-9);
    EXPECT_NEAR(GroupBandwidth(8, links).value(), 196, 1e-9);
  }
}

TEST(GroupBandwidth, AcrossIslandsThePathIsThinner) {
  Fabric fabric = PlainFabric(A::kRing, FabricTopology::kIslands);
  fabric.island_accelerators = 4;
  fabric.island_bandwidth = 0.25;
  const DomainLinks links = LinksOf(fabric, 100);
  EXPECT_EQ(GroupBandwidth(4, links), BytesPerSecond(100));
  EXPECT_EQ(GroupBandwidth(5, links), BytesPerSecond(25));
}

}  // namespace
}  // namespace fleetsim
