// Published measurements of whole machines, with the catalog's fabrics.
#include <gmock/gmock.h>

#include "tests/unit/collective/fabrics_for_tests.h"

namespace fleetsim {
namespace {

using K = CollectiveKind;

struct Point {
  const char* fabric;
  double bandwidth, pairwise;  // bytes/s, one accelerator
  int domain;
  K kind;
  int ranks;
  double bytes;
  double bus_bandwidth;  // measured, GB/s as nccl-tests defines it
  double tolerance;
};

// What ctest lists the case as.
void PrintTo(const Point& p, std::ostream* out) {
  *out << p.fabric << " kind " << static_cast<int>(p.kind) << " ranks " << p.ranks << " bytes "
       << p.bytes;
}

class OneDomain : public ::testing::TestWithParam<Point> {};

TEST_P(OneDomain, MatchesThePublishedBusBandwidth) {
  const Point& p = GetParam();
  const Fabric fabric = CatalogFabric(p.fabric);
  DomainLinks links = LinksOf(fabric, p.bandwidth, p.pairwise);
  links.domain_accelerators = p.domain;
  const Seconds time = LocalCollectiveTime(p.kind, p.ranks, Bytes(p.bytes), links);
  EXPECT_NEAR(BusBandwidth(p.kind, p.ranks, p.bytes, time) / 1e9 / p.bus_bandwidth, 1.0,
              p.tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Published, OneDomain,
    ::testing::Values(
        // Azure/AI-benchmarking-guide 2024; stas00/ml-engineering 2026; NVIDIA/nccl issues.
        Point{"nvlink3", 300e9, 0, 8, K::kAllReduce, 8, 256 * kMiB, 214, .1},
        Point{"nvlink3", 300e9, 0, 8, K::kAllReduce, 8, 8 * kGiB, 231.6, .1},
        Point{"nvlink4", 450e9, 0, 8, K::kAllReduce, 8, 16 * kMiB, 234, .1},
        Point{"nvlink4", 450e9, 0, 8, K::kAllReduce, 8, 256 * kMiB, 423, .1},
        Point{"nvlink4", 450e9, 0, 8, K::kAllReduce, 8, 8 * kGiB, 479, .1},
        Point{"nvlink4", 450e9, 0, 8, K::kAllGather, 8, 8 * kGiB, 361, .1},
        Point{"nvlink4", 450e9, 0, 8, K::kReduceScatter, 8, 8 * kGiB, 363, .1},
        Point{"nvlink4-h800", 200e9, 0, 8, K::kAllReduce, 8, 8 * kGiB, 215, .1},
        Point{"nvlink3-a800", 200e9, 0, 8, K::kAllReduce, 8, 8 * kGiB, 156, .1},
        Point{"nvlink3-a800", 200e9, 0, 8, K::kAllGather, 8, 8 * kGiB, 151, .1},
        Point{"nvlink5", 900e9, 0, 8, K::kAllReduce, 8, 16 * kGiB, 842, .12},
        Point{"nvlink5-nvl72", 900e9, 0, 72, K::kAllReduce, 72, 16 * kGiB, 850, .1},
        Point{"infinity-fabric", 448e9, 64e9, 8, K::kAllReduce, 8, 8 * kGiB, 313, .1},
        Point{"infinity-fabric", 448e9, 64e9, 8, K::kAllReduce, 2, 8 * kGiB, 48, .1},
        // limulidae README.
        Point{"hccs-mesh", 196e9, 28e9, 8, K::kAllReduce, 8, kGiB, 126, .1},
        Point{"hccs-mesh", 196e9, 28e9, 8, K::kAllGather, 8, kGiB, 130, .1},
        Point{"hccs-mesh", 196e9, 28e9, 8, K::kAllReduce, 4, kGiB, 45, .1},
        Point{"hccs-mesh", 196e9, 28e9, 8, K::kAllReduce, 2, kGiB, 18, .1}));

struct Cluster {
  const char* fabric;
  double bandwidth;
  const char* scale_out;
  double nics;  // of one host
  int hosts, ranks_per_host;
  bool one_leaf;
};

Seconds AllReduceTime(const Cluster& c, double bytes) {
  const Fabric inside = CatalogFabric(c.fabric), network = CatalogFabric(c.scale_out);
  GroupPlacement group;
  for (int i = 0; i < c.hosts; ++i) group.hosts.push_back(i);
  group.ranks_per_host = c.ranks_per_host;
  group.nic_share = BytesPerSecond(c.nics);
  group.local = LinksOf(inside, c.bandwidth);
  group.scale_out = &network;
  group.one_leaf = c.one_leaf;
  group.hop_latency = network.hop_latency * (c.one_leaf ? 1 : 3);
  return CollectiveTime(PlanCollective(K::kAllReduce, Bytes(bytes), group));
}

double BusGigabytes(const Cluster& c, double bytes) {
  const int ranks = c.hosts * c.ranks_per_host;
  return BusBandwidth(K::kAllReduce, ranks, bytes, AllReduceTime(c, bytes)) / 1e9;
}

// 161 GB/s of bus bandwidth over 100 GB/s of NICs: two hosts exchange the buffer once.
TEST(Published, TwoServersOfEightH800) {
  const Cluster cluster{"nvlink4-h800", 200e9, "rocev2-100g", 100e9, 2, 8, true};
  EXPECT_NEAR(BusGigabytes(cluster, 8 * kGiB) / 161, 1, 0.1);
}

TEST(Published, ThreeServersOfEightA100OnFourHdr) {
  const Cluster cluster{"nvlink3", 300e9, "infiniband-hdr", 100e9, 3, 8, false};
  EXPECT_GT(BusGigabytes(cluster, 8 * kGiB), 85);
  EXPECT_LT(BusGigabytes(cluster, 8 * kGiB), 96);
}

TEST(Published, FourServersOfEightB200OnEfa) {
  const Cluster cluster{"nvlink5", 900e9, "aws-efa-v4", 400e9, 4, 8, false};
  EXPECT_NEAR(BusGigabytes(cluster, 16 * kGiB) / 382, 1, 0.1);
  EXPECT_NEAR(BusGigabytes(cluster, 16 * kMiB) / 64, 1, 0.1);
  EXPECT_NEAR(BusGigabytes(cluster, kMiB) / 5.4, 1, 0.1);
}

TEST(Published, FourServersOfEightH200OnEfa) {
  const Cluster cluster{"nvlink4", 450e9, "aws-efa-v3", 400e9, 4, 8, false};
  EXPECT_NEAR(BusGigabytes(cluster, 16 * kGiB) / 365, 1, 0.1);
}

TEST(Published, SmallestMessageBetweenTwoH20Servers) {
  const Cluster cluster{"nvlink4", 450e9, "infiniband-ndr", 400e9, 2, 8, true};
  EXPECT_NEAR(AllReduceTime(cluster, 8).value() / 46.5e-6, 1, 0.1);
}

}  // namespace
}  // namespace fleetsim
