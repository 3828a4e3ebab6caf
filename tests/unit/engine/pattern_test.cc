// Flows alone: what SimGrid is set up to do, and how flows share links.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/engine/small_fleet.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;

double PatternSeconds(Simulation& simulation, const std::vector<HostFlow>& flows) {
  CollectivePlan plan;
  plan.flows = flows;
  const auto duration = simulation.RunPattern({plan});
  EXPECT_TRUE(duration.ok()) << duration.status();
  return duration.ok() ? duration->value() : -1.0;
}

constexpr Bytes kGigabyte(1e9);
constexpr BytesPerSecond kNoLimit(0.0);

// 1 GB over 50 GB/s with 200 us: 0.0002 + 1/50. SimGrid's defaults give another time (latency x 13,
// bandwidth x 0.97, TCP window).
TEST(Settings, PlainBandwidthAndLatency) {
  SmallFleet small({.nic_latency_s = 100e-6});
  auto simulation = small.Load();
  EXPECT_THAT(PatternSeconds(*simulation, {{0, 1, kGigabyte, kNoLimit}}), DoubleNear(0.0202, 1e-9));
}

TEST(Pattern, RateLimitHolds) {
  SmallFleet small;
  auto simulation = small.Load();
  EXPECT_THAT(PatternSeconds(*simulation, {{0, 1, kGigabyte, BytesPerSecond(10e9)}}),
              DoubleNear(0.1 + 2e-6, 1e-9));
}

// Two flows into one NIC take twice as long, though one of them comes from farther away.
TEST(Pattern, SharesFairlyWhateverTheLatency) {
  SmallFleet small({.leaves = 2, .uplink_latency_s = 50e-6});
  auto simulation = small.Load();
  const double both =
      PatternSeconds(*simulation, {{0, 1, kGigabyte, kNoLimit}, {2, 1, kGigabyte, kNoLimit}});
  // The near flow has the NIC alone for 100 us; from then on both move at 25 GB/s until it ends.
  const double head_start_s = 100e-6, near_bytes = 1e9 - 50e9 * head_start_s;
  const double far_left = 1e9 - near_bytes;
  EXPECT_THAT(both, DoubleNear(102e-6 + near_bytes / 25e9 + far_left / 50e9, 1e-8));
}

TEST(Pattern, OversubscribedUplinkHalvesBandwidth) {
  SmallFleet small({.leaves = 2, .uplink_bytes_per_s = 50e9});
  auto simulation = small.Load();
  EXPECT_THAT(
      PatternSeconds(*simulation, {{0, 2, kGigabyte, kNoLimit}, {1, 3, kGigabyte, kNoLimit}}),
      DoubleNear(2e9 / 50e9 + 3e-6, 1e-8));
}

// Up and down do not disturb each other.
TEST(Pattern, LinksAreFullDuplex) {
  SmallFleet small;
  auto simulation = small.Load();
  EXPECT_THAT(
      PatternSeconds(*simulation, {{0, 1, kGigabyte, kNoLimit}, {1, 0, kGigabyte, kNoLimit}}),
      DoubleNear(1e9 / 50e9 + 2e-6, 1e-9));
}

TEST(Pattern, SeveralRunOneAfterAnotherOnAnIdleNetwork) {
  SmallFleet small;
  auto simulation = small.Load();
  const double first = PatternSeconds(*simulation, {{0, 1, kGigabyte, kNoLimit}});
  const double other = PatternSeconds(*simulation, {{0, 1, kGigabyte * 2, kNoLimit}});
  EXPECT_THAT(first, DoubleNear(0.02 + 2e-6, 1e-9));
  EXPECT_THAT(other, DoubleNear(0.04 + 2e-6, 1e-9));
  EXPECT_EQ(PatternSeconds(*simulation, {{0, 1, kGigabyte, kNoLimit}}), first);
}

// A multiple of all bytes is taken from the first run: latencies stay as they are, shares of links
// do, and floor and latency are the plan's own.
TEST(Pattern, MultiplesOfAPattern) {
  SmallFleet small({.leaves = 2, .uplink_latency_s = 50e-6});
  auto simulation = small.Load();
  const auto seconds = [&](double near, double far, double floor) {
    CollectivePlan plan{{{1, 0, kGigabyte * near, kNoLimit}, {0, 2, kGigabyte * far, kNoLimit}}};
    plan.local_floor = Seconds(floor);
    return simulation->RunPattern({plan})->value();
  };
  EXPECT_THAT(seconds(1.0, 1.0, 0.0), DoubleNear(0.02 + 102e-6, 1e-9));
  EXPECT_THAT(seconds(3.0, 3.0, 0.0), DoubleNear(0.06 + 102e-6, 1e-9));
  EXPECT_THAT(seconds(3.0, 3.0, 0.5), DoubleNear(0.5, 1e-9));
  EXPECT_THAT(seconds(3.0, 1.0, 0.0), DoubleNear(0.06 + 2e-6, 1e-9));
}

TEST(Pattern, FloorAndLatencyOfAPlan) {
  SmallFleet small;
  auto simulation = small.Load();
  const CollectivePlan slow_inside{{{0, 1, kGigabyte, kNoLimit}}, Seconds(0.5), Seconds(0.25)};
  const CollectivePlan slow_outside{{{0, 1, kGigabyte, kNoLimit}}, Seconds(0.001), Seconds(0.25)};
  EXPECT_THAT(simulation->RunPattern({slow_inside})->value(), DoubleNear(0.75, 1e-9));
  EXPECT_THAT(simulation->RunPattern({slow_outside})->value(), DoubleNear(0.27 + 2e-6, 1e-9));
}

TEST(Pattern, EmptyIsInstant) {
  SmallFleet small;
  auto simulation = small.Load();
  EXPECT_EQ(simulation->RunPattern({})->value(), 0.0);
}

TEST(Pattern, LatencyOfARoute) {
  SmallFleet small({.leaves = 2});
  auto simulation = small.Load();
  EXPECT_THAT(simulation->RouteLatency(0, 1).value(), DoubleNear(2e-6, 1e-15));
  EXPECT_THAT(simulation->RouteLatency(0, 3).value(), DoubleNear(3e-6, 1e-15));
}

TEST(Load, MissingHostIsAnError) {
  SmallFleet small;
  small.fleet().hosts[1].name = "elsewhere";
  const auto simulation = Simulation::Load(small.fleet());
  EXPECT_THAT(std::string(simulation.status().message()),
              testing::HasSubstr("host \"elsewhere\" is not in the platform"));
}

TEST(Load, BrokenXmlIsAnError) {
  SmallFleet small;
  std::ofstream(small.fleet().file) << "<platform version=\"4.1\"><zone id=\"a\" routing=\"Full\">";
  const auto simulation = Simulation::Load(small.fleet());
  EXPECT_THAT(std::string(simulation.status().message()),
              testing::HasSubstr("SimGrid cannot load"));
}

}  // namespace
}  // namespace fleetsim
