#include "sim/economics/power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/economics/example_fleet.h"

namespace fleetsim {
namespace {

using ::testing::Contains;
using ::testing::Field;

double ActivityWatts(const AcceleratorPower& power, Activity activity) {
  return power.activity[static_cast<int>(activity)].value();
}

TEST(PowerTest, OwnRatiosCountFromIdleToTdp) {
  ExampleFleet example;
  Notes notes;
  const auto power = PowerOf(example.accelerator(), notes);
  ASSERT_TRUE(power.has_value());
  EXPECT_DOUBLE_EQ(ActivityWatts(*power, Activity::kMatrix), 910);
  EXPECT_DOUBLE_EQ(ActivityWatts(*power, Activity::kAttention), 820);
  EXPECT_DOUBLE_EQ(ActivityWatts(*power, Activity::kMemory), 640);
  EXPECT_DOUBLE_EQ(ActivityWatts(*power, Activity::kNetwork), 370);
  EXPECT_DOUBLE_EQ(ActivityWatts(*power, Activity::kIdle), 100);
}

TEST(PowerTest, AbsentRatiosAreInferredOrAssumedAndSaidToBe) {
  Accelerator bare;
  bare.name = "bare";
  bare.tdp = Watts(500);
  Notes notes;
  const auto power = PowerOf(bare, notes);
  ASSERT_TRUE(power.has_value());
  EXPECT_DOUBLE_EQ(power->idle.value(), 500 * kAssumedIdleRatio);
  EXPECT_LE(power->activity[static_cast<int>(Activity::kMatrix)], Watts(500));
  const auto assumptions = notes.TakeAssumptions();
  EXPECT_EQ(assumptions.size(), 7u);  // TDP without a source, idle and five activities
  EXPECT_THAT(assumptions, Contains(Field(&Assumption::evidence, "inferred")).Times(4));
}

TEST(PowerTest, MeanFollowsTimeAndLoadGoesFromIdleToFull) {
  ExampleFleet example;
  Notes notes;
  const auto power = PowerOf(example.accelerator(), notes);
  std::array<Seconds, kActivities> activities{};
  EXPECT_EQ(power->Mean(activities), Watts(100));
  activities[static_cast<int>(Activity::kMatrix)] = Seconds(3);
  activities[static_cast<int>(Activity::kNetwork)] = Seconds(1);
  EXPECT_DOUBLE_EQ(power->Mean(activities).value(), (3 * 910 + 370) / 4.0);
  EXPECT_DOUBLE_EQ(power->Load(activities), ((3 * 910 + 370) / 4.0 - 100) / 900);
}

TEST(PowerTest, AnUnknownServerDrawsByItsAccelerators) {
  ExampleFleet example;
  example.server().overhead_idle = example.server().overhead_max = Watts(0);
  Notes notes;
  const auto power = PowerOf(example.accelerator(), notes);
  const ServerPower server = ServerPowerOf(example.fleet.leaves[0], {}, *power, notes);
  EXPECT_DOUBLE_EQ(server.full.value(), kAssumedServerLoadRatio * 8000);
  EXPECT_DOUBLE_EQ(server.idle.value(), kAssumedServerIdleRatio * 8000);
  EXPECT_DOUBLE_EQ(server.At(0.5).value(), (server.idle + server.full).value() / 2);
}

// Idle 100 W, TDP 1,000 W: half the clock leaves an eighth of the 900 W between them.
TEST(PowerTest, ACapBoundsEveryActivityAndGoesWithTheCubeOfTheClock) {
  ExampleFleet example;
  Accelerator& accelerator = example.accelerator();
  EXPECT_DOUBLE_EQ(PowerCap(accelerator, 0.5).value(), 100 + 900.0 / 8);
  EXPECT_DOUBLE_EQ(CappedClock(accelerator, Watts(100 + 900.0 / 8)), 0.5);
  EXPECT_DOUBLE_EQ(CappedClock(accelerator, Watts(1000)), 1.0);
  EXPECT_DOUBLE_EQ(CappedClock(accelerator, Watts(50)), 0.0);
  accelerator.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(100e12);
  Leaf leaf = example.fleet.leaves[0];
  leaf.speed = FlopsPerSecond(80e12);
  Notes notes;
  const double cap = 100 + 0.512 * 900;
  const auto power = PowerOf(leaf, notes);
  EXPECT_NEAR(power->full.value(), cap, 1e-9);
  EXPECT_NEAR(ActivityWatts(*power, Activity::kMatrix), cap, 1e-9);
  EXPECT_DOUBLE_EQ(ActivityWatts(*power, Activity::kNetwork), 370);  // below the cap as before
}

// Boards at half the way from idle to TDP are half of a server's load, capped or not.
TEST(PowerTest, AServerOfCappedBoardsNeverSeesFullLoad) {
  ExampleFleet example;
  Accelerator& accelerator = example.accelerator();
  accelerator.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(100e12);
  Leaf leaf = example.fleet.leaves[0];
  leaf.speed = FlopsPerSecond(100e12 * std::cbrt(0.5));
  Notes notes;
  const auto capped = PowerOf(leaf, notes);
  const ServerPower server = ServerPowerOf(leaf, {}, *capped, notes);
  EXPECT_DOUBLE_EQ(server.idle.value(), 1000);
  EXPECT_NEAR(server.full.value(), 2000, 1e-6);
}

// Patel et al. 2024: H100 capped at half of 700 W computes prompts 1.3 times as long.
TEST(PowerTest, HalfThePowerOfAnH100CostsAQuarterOfItsClock) {
  Accelerator h100;
  h100.tdp = Watts(700);
  h100.idle = Watts(75);
  EXPECT_NEAR(CappedClock(h100, Watts(350)), 1 / 1.3, 0.02);
}

TEST(PowerTest, AnImmersedServerHasNoFans) {
  ExampleFleet example;
  example.server().fans = Watts(600);  // a fifth of 3,000 W
  Notes notes;
  const auto power = PowerOf(example.accelerator(), notes);
  Site site;
  site.cooling = "single-phase immersion";
  const ServerPower server = ServerPowerOf(example.fleet.leaves[0], site, *power, notes);
  EXPECT_DOUBLE_EQ(server.full.value(), 2400);
  EXPECT_DOUBLE_EQ(server.idle.value(), 800);
}

}  // namespace
}  // namespace fleetsim
