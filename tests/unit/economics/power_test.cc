#include "sim/economics/power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_EQ(assumptions.size(), 6u);  // TDP without a source, idle and four activities
  EXPECT_THAT(assumptions, Contains(Field(&Assumption::evidence, "inferred")).Times(3));
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
  const ServerPower server = ServerPowerOf(example.fleet.leaves[0], *power, notes);
  EXPECT_DOUBLE_EQ(server.full.value(), kAssumedServerLoadRatio * 8000);
  EXPECT_DOUBLE_EQ(server.idle.value(), kAssumedServerIdleRatio * 8000);
  EXPECT_DOUBLE_EQ(server.At(0.5).value(), (server.idle + server.full).value() / 2);
}

}  // namespace
}  // namespace fleetsim
