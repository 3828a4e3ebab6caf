// Fleets of a few hosts with round numbers, written as SimGrid platforms of their own.
#ifndef TESTS_UNIT_ENGINE_SMALL_FLEET_H_
#define TESTS_UNIT_ENGINE_SMALL_FLEET_H_

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "sim/engine/simulation.h"
#include "sim/hardware/fleet.h"

namespace fleetsim {

// A test's hosts have 8 accelerators of 1 Tflop/s, 50 GB/s NICs with 1 us, 100 GB/s loopback.
struct SmallFleetSpec {
  int leaves = 1;
  int hosts_per_leaf = 2;
  double nic_bytes_per_s = 50e9;
  double nic_latency_s = 1e-6;
  double uplink_bytes_per_s = 100e9;
  double uplink_latency_s = 0.5e-6;
  double scale_up_bytes_per_s = 100e9;
  std::string host_prefix = "host-";
  std::string extra_xml = "";  // at the end of the site, traces for example
};

class SmallFleet {
 public:
  explicit SmallFleet(const SmallFleetSpec& spec = {}) {
    scale_out_.point_to_point_efficiency = 1.0;
    scale_out_.collective_efficiency = 1.0;
    scale_up_.kind = FabricKind::kScaleUp;
    scale_up_.protocols = {{CollectiveAlgorithm::kRing}};  // at full rate, without latencies
    fleet_.file = TestFile();
    std::ofstream(fleet_.file) << Xml(spec);
    fleet_.sites.push_back({"site"});
    for (int leaf = 0; leaf < spec.leaves; ++leaf) AddLeaf(spec, leaf);
  }

  Fleet& fleet() { return fleet_; }

  std::unique_ptr<Simulation> Load() {
    auto simulation = Simulation::Load(fleet_);
    EXPECT_TRUE(simulation.ok()) << simulation.status();
    return simulation.ok() ? *std::move(simulation) : nullptr;
  }

 private:
  // Tests run side by side: each has a file of its own.
  static std::string TestFile() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = absl::StrCat("fleet_", test->test_suite_name(), "_", test->name(), ".xml");
    std::replace(name.begin(), name.end(), '/', '_');
    return testing::TempDir() + name;
  }

  static std::string Number(double value) { return absl::StrCat(value); }

  static std::string Xml(const SmallFleetSpec& spec) {
    std::string xml =
        "<?xml version='1.0'?>\n"
        "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
        "<platform version=\"4.1\"><zone id=\"site\" routing=\"Floyd\">\n"
        "<zone id=\"core\" routing=\"Full\"><router id=\"core_switch\"/></zone>\n";
    for (int leaf = 0; leaf < spec.leaves; ++leaf) xml += LeafXml(spec, leaf);
    for (int leaf = 0; leaf < spec.leaves; ++leaf) {
      const std::string id = absl::StrCat("leaf", leaf);
      xml += "<link id=\"" + id + "_uplink\" bandwidth=\"" + Number(spec.uplink_bytes_per_s) +
             "Bps\" latency=\"" + Number(spec.uplink_latency_s) +
             "s\" sharing_policy=\"SPLITDUPLEX\"/>\n";
    }
    for (int leaf = 0; leaf < spec.leaves; ++leaf) {
      const std::string id = absl::StrCat("leaf", leaf);
      xml += "<zoneRoute src=\"" + id + "\" dst=\"core\" gw_src=\"" + id +
             "_switch\" gw_dst=\"core_switch\"><link_ctn id=\"" + id +
             "_uplink\" direction=\"UP\"/></zoneRoute>\n";
    }
    return xml + spec.extra_xml + "</zone></platform>\n";
  }

  static std::string LeafXml(const SmallFleetSpec& spec, int leaf) {
    const std::string id = absl::StrCat("leaf", leaf);
    const int first = leaf * spec.hosts_per_leaf;
    return "<cluster id=\"" + id + "\" prefix=\"" + spec.host_prefix + "\" radical=\"" +
           absl::StrCat(first, "-", first + spec.hosts_per_leaf - 1) +
           "\" suffix=\"\" router_id=\"" + id + "_switch\" speed=\"1Tf\" core=\"8\" bw=\"" +
           Number(spec.nic_bytes_per_s) + "Bps\" lat=\"" + Number(spec.nic_latency_s) +
           "s\" sharing_policy=\"SPLITDUPLEX\" loopback_bw=\"" + Number(spec.scale_up_bytes_per_s) +
           "Bps\" loopback_lat=\"0.5us\"/>\n";
  }

  void AddLeaf(const SmallFleetSpec& spec, int index) {
    Leaf leaf;
    leaf.id = absl::StrCat("leaf", index);
    leaf.scale_up = &scale_up_;
    leaf.scale_out = &scale_out_;
    leaf.speed = FlopsPerSecond(1e12);
    leaf.nic_bandwidth = BytesPerSecond(spec.nic_bytes_per_s);
    leaf.scale_up_bandwidth = BytesPerSecond(spec.scale_up_bytes_per_s);
    fleet_.leaves.push_back(leaf);
    for (int i = 0; i < spec.hosts_per_leaf; ++i) {
      fleet_.hosts.push_back(
          {absl::StrCat(spec.host_prefix, index * spec.hosts_per_leaf + i), index});
    }
  }

  Fabric scale_up_, scale_out_;
  Fleet fleet_;
};

}  // namespace fleetsim

#endif  // TESTS_UNIT_ENGINE_SMALL_FLEET_H_
