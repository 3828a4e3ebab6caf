#include "sim/collective/bandwidth.h"

#include "sim/base/check.h"

namespace fleetsim {
namespace {

// A domain whose scale-up fabric nobody named: PCIe without peer links. 8 accelerators reach 28 of
// 63 GB/s on PCIe 5 (nccl-tests reports); 8 us and 1 us are of the order of the PCIe entries.
constexpr double kAssumedHostBusEfficiency = 0.44;
constexpr Seconds kAssumedHostBusLatency{8e-6};
constexpr Seconds kAssumedHostBusStep{1e-6};

Fabric HostBus() {
  Fabric bus;
  bus.name = "host-bus";
  bus.kind = FabricKind::kHost;
  bus.topology = FabricTopology::kPcieTree;
  bus.base_latency = kAssumedHostBusLatency;
  for (const auto algorithm : {CollectiveAlgorithm::kRing, CollectiveAlgorithm::kDirect}) {
    bus.protocols.push_back(
        {algorithm, kAssumedHostBusLatency, kAssumedHostBusStep, kAssumedHostBusEfficiency});
  }
  return bus;
}

// Between two measured numbers of ranks in proportion, outside as the nearest.
double GroupEfficiency(int ranks, const Fabric& fabric) {
  const auto& points = fabric.group_efficiency;
  if (points.empty() || ranks >= points.back().first)
    return points.empty() ? 1 : points.back().second;
  if (ranks <= points.front().first) return points.front().second;
  size_t next = 1;
  while (points[next].first < ranks) ++next;
  const auto& [low, low_ratio] = points[next - 1];
  const auto& [high, high_ratio] = points[next];
  return low_ratio + (high_ratio - low_ratio) * (ranks - low) / (high - low);
}

// An accelerator's bandwidth is the sum of its links to all others of the domain: one link is that
// share, or less where the server says so.
BytesPerSecond MeshBandwidth(int ranks, const DomainLinks& links) {
  BytesPerSecond one_link = links.bandwidth / Max(1.0, links.domain_accelerators - 1.0);
  if (links.pairwise_bandwidth.value() > 0) one_link = Min(one_link, links.pairwise_bandwidth);
  return Min(links.bandwidth, one_link * (ranks - 1.0)) * GroupEfficiency(ranks, *links.fabric);
}

}  // namespace

DomainLinks WithFabric(const DomainLinks& links) {
  static const Fabric host_bus = HostBus();
  DomainLinks result = links;
  if (result.fabric == nullptr) result.fabric = &host_bus;
  return result;
}

BytesPerSecond GroupBandwidth(int ranks, const DomainLinks& links) {
  const Fabric& fabric = *links.fabric;
  FLEETSIM_CHECK(links.bandwidth.value() > 0);
  switch (fabric.topology) {
    case FabricTopology::kFullMesh:
      return MeshBandwidth(ranks, links);
    case FabricTopology::kPcieTree:
    case FabricTopology::kIslands:
      return fabric.island_accelerators > 0 && ranks > fabric.island_accelerators
                 ? links.bandwidth * fabric.island_bandwidth
                 : links.bandwidth;
    default:
      return links.bandwidth;
  }
}

}  // namespace fleetsim
