// What must hold for every fabric of the catalog, every operation and every size.
#include <gmock/gmock.h>

#include <map>

#include "tests/unit/collective/fabrics_for_tests.h"

namespace fleetsim {
namespace {

constexpr CollectiveKind kKinds[] = {CollectiveKind::kAllReduce, CollectiveKind::kReduceScatter,
                                     CollectiveKind::kAllGather, CollectiveKind::kBroadcast,
                                     CollectiveKind::kAllToAll};
constexpr double kBandwidth = 200e9;

class EveryFabric : public ::testing::TestWithParam<std::string> {
 protected:
  EveryFabric() : fabric_(CatalogFabric(GetParam())) {}
  Fabric fabric_;
};

// Everything that is a time, halved.
Fabric WithHalvedLatencies(Fabric fabric) {
  for (Seconds* time :
       {&fabric.base_latency, &fabric.hop_latency, &fabric.collective_step_latency}) {
    *time *= 0.5;
  }
  for (CollectiveProtocol& protocol : fabric.protocols) {
    for (Seconds* time : {&protocol.latency, &protocol.step_latency, &protocol.fill}) *time *= 0.5;
  }
  return fabric;
}

GroupPlacement FourHosts(const DomainLinks& local, const Fabric& scale_out, double nic) {
  GroupPlacement group;
  group.hosts = {3, 1, 4, 5};
  group.ranks_per_host = 4;
  group.lanes = 2;
  group.nic_share = BytesPerSecond(nic);
  group.local = local;
  group.scale_out = &scale_out;
  group.hop_latency = Seconds(1e-6);
  return group;
}

TEST_P(EveryFabric, MoreBytesAreNeverFaster) {
  const Fabric scale_out = CatalogFabric("infiniband-ndr");
  const DomainLinks links = LinksOf(fabric_, kBandwidth);
  for (const CollectiveKind kind : kKinds) {
    Seconds local, across;
    for (double bytes = 1; bytes < 64 * kGiB; bytes *= 1.3) {
      const Seconds more = LocalCollectiveTime(kind, 8, Bytes(bytes), links);
      const Seconds more_across =
          CollectiveTime(PlanCollective(kind, Bytes(bytes), FourHosts(links, scale_out, 100e9)));
      EXPECT_GE(more, local) << bytes;
      EXPECT_GE(more_across, across) << bytes;
      local = more;
      across = more_across;
    }
  }
}

TEST_P(EveryFabric, MoreBandwidthIsNeverSlower) {
  const Fabric scale_out = CatalogFabric("rocev2-400g");
  for (const CollectiveKind kind : kKinds) {
    for (double bytes = 1; bytes < 64 * kGiB; bytes *= 7) {
      Seconds local(1e9), nics(1e9);
      for (double bandwidth = 1e9; bandwidth < 1e13; bandwidth *= 2) {
        const DomainLinks links = LinksOf(fabric_, bandwidth);
        const Seconds faster = LocalCollectiveTime(kind, 8, Bytes(bytes), links);
        EXPECT_LE(faster, local);
        local = faster;
        const Seconds across = CollectiveTime(
            PlanCollective(kind, Bytes(bytes), FourHosts(links, scale_out, bandwidth)));
        EXPECT_LE(across, nics);
        nics = across;
      }
    }
  }
}

TEST_P(EveryFabric, TwiceTheBandwidthAndHalfTheLatencyHalveTheTime) {
  const Fabric faster = WithHalvedLatencies(fabric_);
  const Fabric scale_out = CatalogFabric("infiniband-hdr");
  Fabric faster_out = WithHalvedLatencies(scale_out);
  faster_out.port_bandwidth *= 2.0;
  const DomainLinks links = LinksOf(fabric_, kBandwidth), twice = LinksOf(faster, 2 * kBandwidth);
  for (const CollectiveKind kind : kKinds) {
    for (const double bytes : {1e3, 1e6, 1e9}) {
      for (const int ranks : {2, 5, 8}) {
        const double ratio = LocalCollectiveTime(kind, ranks, Bytes(bytes), twice) /
                             LocalCollectiveTime(kind, ranks, Bytes(bytes), links);
        EXPECT_NEAR(ratio, 0.5, 1e-12);
      }
      const GroupPlacement group = FourHosts(links, scale_out, 100e9);
      GroupPlacement faster_group = FourHosts(twice, faster_out, 200e9);
      faster_group.hop_latency = group.hop_latency / 2;
      EXPECT_NEAR(CollectiveTime(PlanCollective(kind, Bytes(bytes), faster_group)) /
                      CollectiveTime(PlanCollective(kind, Bytes(bytes), group)),
                  0.5, 1e-12);
    }
  }
}

TEST_P(EveryFabric, NeverFasterThanItsBandwidthBound) {
  const DomainLinks links = LinksOf(fabric_, kBandwidth);
  for (const CollectiveKind kind : kKinds) {
    for (double bytes = 1; bytes < 64 * kGiB; bytes *= 5) {
      for (const int ranks : {2, 4, 8}) {
        EXPECT_GE(LocalCollectiveTime(kind, ranks, Bytes(bytes), links),
                  LocalCollectiveBound(kind, ranks, Bytes(bytes), links));
      }
    }
  }
}

// Each fabric at the bandwidth of the accelerators that have it, the rest at 100 GB/s. (NVLink 6 is
// announced at 1.8 TB/s, where the pipeline fill carried over from NVLink 5 would weigh 11 %.)
TEST_P(EveryFabric, EightAcceleratorsAtOneGibibyteAreWithinATenthOfTheBound) {
  double bandwidth = 100e9;
  for (const auto& [name, own] : std::map<std::string, double>{{"nvlink3", 300e9},
                                                               {"nvlink4", 450e9},
                                                               {"nvlink5", 900e9},
                                                               {"nvlink5-nvl72", 900e9},
                                                               {"infinity-fabric", 448e9},
                                                               {"hccs-mesh", 196e9},
                                                               {"ascend-ub", 392e9},
                                                               {"nvlink4-h800", 200e9},
                                                               {"nvlink3-a800", 200e9}}) {
    if (GetParam() == name) bandwidth = own;
  }
  const DomainLinks links = LinksOf(fabric_, bandwidth);
  const CollectiveKind kind = CollectiveKind::kAllReduce;
  const double ratio = LocalCollectiveTime(kind, 8, Bytes(kGiB), links) /
                       LocalCollectiveBound(kind, 8, Bytes(kGiB), links);
  EXPECT_GE(ratio, 1.0);
  EXPECT_LE(ratio, 1.1);
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryFabric, ::testing::ValuesIn(FabricsInsideDomains()),
                         [](const auto& fabric) {
                           std::string name = fabric.param;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace fleetsim
