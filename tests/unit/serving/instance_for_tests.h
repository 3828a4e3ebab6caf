// Instances on shipped accelerators, and one whose times can be worked out by hand.
#ifndef TESTS_UNIT_SERVING_INSTANCE_FOR_TESTS_H_
#define TESTS_UNIT_SERVING_INSTANCE_FOR_TESTS_H_

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/model_reader.h"
#include "sim/serving/instance_spec.h"

namespace fleetsim {

inline const Catalog& ShippedCatalog() {
  static const Catalog* const kCatalog = [] {
    auto catalog = ReadCatalog(FLEETSIM_SOURCE_DIR "/platforms/catalog");
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    return new Catalog(catalog.ok() ? *std::move(catalog) : Catalog());
  }();
  return *kCatalog;
}

// By name or alias; the reference stays valid.
inline const Architecture& ShippedModel(const std::string& name) {
  static auto* const kModels = new std::map<std::string, Architecture>();
  const auto found = kModels->find(name);
  if (found != kModels->end()) return found->second;
  const auto model = FindModel(name, FLEETSIM_SOURCE_DIR "/workloads/models");
  EXPECT_TRUE(model.ok()) << model.status();
  return kModels->emplace(name, model.ok() ? *model : Architecture()).first->second;
}

// A leaf of eight such accelerators, as sold, on 50 GB/s NICs.
inline Leaf LeafOf(const std::string& accelerator) {
  const auto found = FindAccelerator(ShippedCatalog(), accelerator);
  EXPECT_TRUE(found.ok()) << found.status();
  Leaf leaf;
  leaf.accelerator = *found;
  leaf.speed = NominalSpeed(**found);
  leaf.accelerators = 8;
  leaf.nics = 8;
  leaf.nic_bandwidth = BytesPerSecond(400e9);
  leaf.nic_latency = Seconds(1e-6);
  leaf.scale_up_bandwidth = (*found)->scale_up_bandwidth;
  const std::string fabric =
      (*found)->scale_up_fabric.empty() ? "pcie4" : (*found)->scale_up_fabric;
  leaf.scale_up = *FindFabric(ShippedCatalog(), fabric);
  leaf.scale_out = *FindFabric(ShippedCatalog(), "infiniband-ndr");
  if (leaf.scale_up_bandwidth.value() == 0) leaf.scale_up_bandwidth = BytesPerSecond(25e9);
  return leaf;
}

inline InstanceHardware HardwareFor(const std::string& accelerator) {
  const auto hardware = InstanceHardwareOf(LeafOf(accelerator), ShippedCatalog());
  EXPECT_TRUE(hardware.ok()) << hardware.status();
  return *hardware;
}

inline InstanceSpec SpecFor(const std::string& model, const std::string& engine,
                            const ServingLayout& layout = {}) {
  const auto found = FindEngine(ShippedCatalog(), engine);
  EXPECT_TRUE(found.ok()) << found.status();
  InstanceSpec spec;
  spec.model = &ShippedModel(model);
  spec.engine = *found;
  spec.layout = layout;
  spec.options = ResolveOptions({}, **found);
  return spec;
}

// FP8 weights and activations with one scale each, calibrated; the cache too.
inline ServingPrecision Fp8Static() {
  ServingPrecision precision;
  precision.products = {{DataType::kFp8, Scaling::kTensor},
                        {DataType::kFp8, Scaling::kTensorDelayed}};
  precision.experts = precision.products;
  precision.cache = DataType::kFp8;
  return precision;
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_SERVING_INSTANCE_FOR_TESTS_H_
