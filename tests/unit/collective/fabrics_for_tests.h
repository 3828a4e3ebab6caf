// Fabrics of the catalog and made-up ones with round numbers, for tests of collectives.
#ifndef TESTS_UNIT_COLLECTIVE_FABRICS_FOR_TESTS_H_
#define TESTS_UNIT_COLLECTIVE_FABRICS_FOR_TESTS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "proto/catalog.pb.h"
#include "sim/collective/collective.h"
#include "sim/inputs/fabric_reader.h"

namespace fleetsim {

inline constexpr double kMiB = 1048576.0;
inline constexpr double kGiB = 1024 * kMiB;

inline Fabric CatalogFabric(const std::string& name) {
  const std::string path =
      std::string(FLEETSIM_SOURCE_DIR) + "/platforms/catalog/fabrics/" + name + ".textproto";
  proto::Fabric entry;
  const auto lines = ParseProtoFile(path, &entry);
  EXPECT_TRUE(lines.ok()) << lines.status();
  const auto fabric = ReadFabric(entry, path, *lines);
  EXPECT_TRUE(fabric.ok()) << fabric.status();
  return *fabric;
}

// Names of all scale-up and host fabrics of the catalog, sorted.
inline std::vector<std::string> FabricsInsideDomains() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(std::string(FLEETSIM_SOURCE_DIR) +
                                                              "/platforms/catalog/fabrics")) {
    const std::string name = file.path().stem().string();
    const FabricKind kind = CatalogFabric(name).kind;
    if (kind == FabricKind::kScaleUp || kind == FabricKind::kHost) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A switched fabric with one protocol that only costs bandwidth: times are wire bytes / bandwidth.
inline Fabric PlainFabric(CollectiveAlgorithm algorithm,
                          FabricTopology topology = FabricTopology::kSwitched) {
  Fabric fabric;
  fabric.kind = FabricKind::kScaleUp;
  fabric.topology = topology;
  fabric.protocols.push_back({algorithm, {}, {}, 1.0, {}, 0.0});
  return fabric;
}

inline DomainLinks LinksOf(const Fabric& fabric, double bandwidth, double pairwise = 0) {
  DomainLinks links;
  links.fabric = &fabric;
  links.bandwidth = BytesPerSecond(bandwidth);
  links.pairwise_bandwidth = BytesPerSecond(pairwise);
  return links;
}

// Bus bandwidth as nccl-tests defines it, bytes/s.
inline double BusBandwidth(CollectiveKind kind, int ranks, double bytes, Seconds time) {
  const double rounds = kind == CollectiveKind::kAllReduce ? 2 : 1;
  return rounds * (ranks - 1) / ranks * bytes / time.value();
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_COLLECTIVE_FABRICS_FOR_TESTS_H_
