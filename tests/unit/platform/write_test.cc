// What is written reads back as what was asked for, and SimGrid loads it.
#include "sim/platform/write.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/engine/simulation.h"
#include "sim/platform/read.h"
#include "tests/unit/platform/small_catalog.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

class Write : public testing::Test {
 protected:
  PoolSpec Pool(int hosts) const {
    return {.server = &catalog_.servers.at("big-server"),
            .accelerator = &catalog_.accelerators.at("big-1"),
            .fabric = &catalog_.fabrics.at("fabric-50"),
            .hosts = hosts,
            .hosts_per_leaf = 4};
  }

  Platform WriteAndRead(const PlatformSpec& spec) {
    const auto xml = PlatformXml(spec, catalog_);
    EXPECT_TRUE(xml.ok()) << xml.status();
    path_ = testing::TempDir() + "write_test_" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".xml";
    std::ofstream(path_) << *xml;
    auto platform = ReadPlatform(path_, catalog_);
    EXPECT_TRUE(platform.ok()) << platform.status() << "\n" << *xml;
    return *std::move(platform);
  }

  std::string Refusal(const PlatformSpec& spec) {
    return std::string(PlatformXml(spec, catalog_).status().message());
  }

  Catalog catalog_ = SmallCatalog();
  std::string path_;
};

TEST_F(Write, OneServerStandsAlone) {
  const Platform platform = WriteAndRead({.name = "one", .pools = {Pool(1)}});
  ASSERT_EQ(platform.fleet.leaves.size(), 1u);
  const Leaf& leaf = platform.fleet.leaves[0];
  EXPECT_EQ(platform.fleet.hosts[0].name, "big-server-0");
  EXPECT_EQ(leaf.accelerators, 8);
  EXPECT_EQ(leaf.speed.value(), 100e12);
  EXPECT_EQ(leaf.nic_bandwidth.value(), 400e9);
  EXPECT_EQ(leaf.scale_up_bandwidth.value(), 400e9);
  EXPECT_EQ(leaf.scale_up->name, "switch-400");
  EXPECT_EQ(leaf.uplink_bandwidth.value(), 0.0);
  EXPECT_TRUE(Simulation::Load(platform.fleet).ok());
}

TEST_F(Write, SlowHosts) {
  PlatformSpec spec{.name = "site", .pools = {Pool(10)}};
  spec.slow_hosts = {{"big-server-7", 0.8}, {"big-server-2", 0.5}};
  const Fleet fleet = WriteAndRead(spec).fleet;
  EXPECT_TRUE(fleet.has_profiles);
  EXPECT_FALSE(fleet.has_other_profiles);
  for (int host = 0; host < 10; ++host) {
    EXPECT_EQ(fleet.hosts[host].varying_speed, host == 2 || host == 7) << host;
  }
  EXPECT_TRUE(Simulation::Load(fleet).ok());
  spec.slow_hosts = {{"big-server-7", 1.0}};
  EXPECT_THAT(Refusal(spec), HasSubstr("slow speed: is 1"));
  spec.slow_hosts = {{"big-server-7", 0.5}, {"big-server-7", 0.6}};
  EXPECT_THAT(Refusal(spec), HasSubstr("is there twice"));
}

// Idle 100 W and 800 W at TDP: an eighth of the 700 W between them is half the clock.
TEST_F(Write, APowerCapGivesTheSpeed) {
  Accelerator& accelerator = catalog_.accelerators["big-1"];
  accelerator.tdp = Watts(800);
  accelerator.idle = Watts(100);
  PoolSpec pool = Pool(1);
  pool.power_cap_w = 100 + 700.0 / 8;
  EXPECT_NEAR(WriteAndRead({.name = "one", .pools = {pool}}).fleet.leaves[0].speed.value(), 50e12,
              1e6);
  pool.power_cap_w = 900;
  EXPECT_THAT(Refusal({.name = "one", .pools = {pool}}), HasSubstr("at most the TDP"));
}

TEST_F(Write, TwoLevels) {
  PoolSpec pool = Pool(10);
  pool.leaf_oversubscription = 2.0;
  const Platform platform = WriteAndRead({.name = "site", .pools = {pool}});
  const Fleet& fleet = platform.fleet;
  ASSERT_EQ(fleet.leaves.size(), 3u);
  EXPECT_EQ(fleet.hosts.size(), 10u);
  EXPECT_EQ(fleet.Accelerators(), 80);
  EXPECT_EQ(fleet.leaves[0].uplink_bandwidth.value(), 4 * 400e9 / 2);
  EXPECT_EQ(fleet.leaves[2].uplink_bandwidth.value(), 2 * 400e9 / 2);
  const auto simulation = Simulation::Load(fleet);
  ASSERT_TRUE(simulation.ok()) << simulation.status();
  // One switch: base + hop; three switches: base + 3 hops.
  EXPECT_NEAR((*simulation)->RouteLatency(0, 3).value(), 2.4e-6, 1e-12);
  EXPECT_NEAR((*simulation)->RouteLatency(0, 9).value(), 3.2e-6, 1e-12);
}

TEST_F(Write, ThreeLevels) {
  PoolSpec pool = Pool(32);
  pool.leaves_per_pod = 2;
  pool.pod_oversubscription = 4.0;
  const Platform platform = WriteAndRead({.name = "site", .pools = {pool}});
  // Four pods and the core.
  ASSERT_EQ(platform.root.zones.size(), 5u);
  ASSERT_EQ(platform.root.routes.size(), 4u);
  EXPECT_EQ(platform.root.routes[0].bandwidth.value(), 8 * 400e9 / 4);
  EXPECT_EQ(platform.fleet.leaves[0].uplink_bandwidth.value(), 4 * 400e9);
  const auto simulation = Simulation::Load(platform.fleet);
  ASSERT_TRUE(simulation.ok()) << simulation.status();
  EXPECT_NEAR((*simulation)->RouteLatency(0, 4).value(), 3.2e-6, 1e-12);
  EXPECT_NEAR((*simulation)->RouteLatency(0, 31).value(), 4.0e-6, 1e-12);  // five switches
}

TEST_F(Write, TwoSites) {
  PoolSpec west = Pool(4), east = Pool(8);
  west.site = "west";
  east.site = "east";
  const WanSpec wan{"west", "east", &catalog_.fabrics.at("wan-200"), BytesPerSecond(0.0), 1e6};
  const Platform platform =
      WriteAndRead({.name = "both",
                    .sites = {{.name = "west", .region = &catalog_.regions.at("nowhere")},
                              {.name = "east", .pue = 1.1, .cooling = "liquid"}},
                    .pools = {west, east},
                    .wans = {wan}});
  const Fleet& fleet = platform.fleet;
  ASSERT_EQ(fleet.sites.size(), 2u);
  EXPECT_EQ(fleet.sites[0].region->name, "nowhere");
  EXPECT_EQ(fleet.sites[0].pue, 1.3);
  EXPECT_EQ(fleet.sites[1].pue, 1.1);
  EXPECT_EQ(fleet.sites[1].cooling, "liquid");
  EXPECT_EQ(fleet.LeafOf(0).site, 0);
  EXPECT_EQ(fleet.LeafOf(11).site, 1);
  EXPECT_EQ(platform.root.routes[0].bandwidth.value(), 200e9);
  const auto simulation = Simulation::Load(fleet);
  ASSERT_TRUE(simulation.ok()) << simulation.status();
  // 1,000 km at 5 ns/m, two edges of 20 us, and base + 3 hops on each half... of one message: two
  // NIC sides (2.4 us together) and an uplink at each end.
  EXPECT_NEAR((*simulation)->RouteLatency(0, 11).value(), 5e-3 + 40e-6 + 2.4e-6 + 0.8e-6, 1e-12);
}

TEST_F(Write, MixedPools) {
  PoolSpec old = Pool(4);
  old.server = &catalog_.servers.at("old-server");
  old.accelerator = &catalog_.accelerators.at("old-1");
  old.fabric = &catalog_.fabrics.at("fabric-25");
  old.nics = 2;
  const Platform platform = WriteAndRead({.name = "mixed", .pools = {Pool(4), old}});
  const Fleet& fleet = platform.fleet;
  ASSERT_EQ(fleet.leaves.size(), 2u);
  EXPECT_EQ(fleet.leaves[1].speed.value(), 50e12);  // its FP16 peak: it has no BF16
  EXPECT_EQ(fleet.leaves[1].nic_bandwidth.value(), 50e9);
  EXPECT_EQ(fleet.leaves[1].scale_up, nullptr);
  EXPECT_EQ(fleet.leaves[1].scale_up_bandwidth.value(), 30e9);  // the host bus
  EXPECT_EQ(fleet.hosts[4].name, "old-server-0");
  EXPECT_TRUE(Simulation::Load(fleet).ok());
}

TEST_F(Write, PowerCapIsNoted) {
  PoolSpec pool = Pool(1);
  pool.speed = FlopsPerSecond(80e12);
  const Platform platform = WriteAndRead({.name = "capped", .pools = {pool}});
  EXPECT_EQ(platform.fleet.leaves[0].speed.value(), 80e12);
  EXPECT_THAT(platform.notes, testing::Contains(HasSubstr("power-capped to 80Tf")));
}

TEST_F(Write, SameSpecSameBytes) {
  const PlatformSpec spec{.name = "site", .pools = {Pool(10)}};
  EXPECT_EQ(*PlatformXml(spec, catalog_), *PlatformXml(spec, catalog_));
}

TEST_F(Write, WhatCannotBeBuilt) {
  PlatformSpec spec{.name = "site", .pools = {Pool(4)}};
  PoolSpec& pool = spec.pools[0];
  const PoolSpec good = pool;
  pool.hosts = 0;
  EXPECT_THAT(Refusal(spec), HasSubstr("hosts: is 0; 1 to 1,000,000"));
  pool = good, pool.accelerator = &catalog_.accelerators.at("old-1");
  EXPECT_THAT(Refusal(spec), HasSubstr("\"old-1\" does not go into server \"big-server\""));
  pool = good, pool.fabric = &catalog_.fabrics.at("switch-400");
  EXPECT_THAT(Refusal(spec), HasSubstr("\"switch-400\" joins no servers"));
  pool = good, pool.server = &catalog_.servers.at("old-server");
  EXPECT_THAT(Refusal(spec), HasSubstr("nics: is missing"));
  pool.accelerator = nullptr;
  EXPECT_THAT(Refusal(spec), HasSubstr("takes several; one of old-1, big-1"));
  pool = good, pool.leaf_oversubscription = 0.0;
  EXPECT_THAT(Refusal(spec), HasSubstr("oversubscription: is 0"));
  pool = good, pool.speed = FlopsPerSecond(101e12);
  EXPECT_THAT(Refusal(spec), HasSubstr("speed: is 101Tf"));
  pool = good, pool.site = "elsewhere";
  EXPECT_THAT(Refusal(spec), HasSubstr("site: \"elsewhere\" is not described"));
  pool = good, spec.name = "a b";
  EXPECT_THAT(Refusal(spec), HasSubstr("name: is \"a b\""));
  spec.name = "site", spec.sites = {{.name = "site", .pue = 0.5}};
  EXPECT_THAT(Refusal(spec), HasSubstr("pue: is 0.5"));
  spec.sites = {{.name = "a"}, {.name = "a"}};
  EXPECT_THAT(Refusal(spec), HasSubstr("\"a\" is there twice"));
  spec.sites = {{.name = "a"}, {.name = "b"}};
  spec.wans = {{"a", "c", &catalog_.fabrics.at("wan-200"), BytesPerSecond(0.0), 1e6}};
  EXPECT_THAT(Refusal(spec), HasSubstr("site \"c\" is not described"));
  spec.wans[0].to = "b", spec.wans[0].distance_m = 0.0;
  EXPECT_THAT(Refusal(spec), HasSubstr("0 m long"));
}

}  // namespace
}  // namespace fleetsim
