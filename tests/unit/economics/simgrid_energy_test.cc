// The same small program through SimGrid's host energy plugin and through our power by activity.
#include <simgrid/plugins/energy.h>

#include <fstream>
#include <simgrid/s4u.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/economics/energy.h"
#include "sim/economics/power.h"
#include "tests/unit/economics/example_fleet.h"

namespace fleetsim {
namespace {

constexpr double kSpeed = 1e9;

// A host of one core with a processor state for each activity. The plugin draws "idle:epsilon:all
// cores" by load; a state that computes reaches the last, one that sleeps the first.
std::string Platform(const AcceleratorPower& power) {
  std::string speeds, watts;
  for (const Watts& activity : power.activity) {
    absl::StrAppend(&speeds, speeds.empty() ? "" : ",", "1Gf");
    const std::string level = absl::StrCat(activity.value());
    absl::StrAppend(&watts, watts.empty() ? "" : ", ", level, ":", level, ":", level);
  }
  return absl::StrCat(
      "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
      "<platform version=\"4.1\"><zone id=\"z\" routing=\"Full\"><host id=\"board\" speed=\"",
      speeds, "\" core=\"1\"><prop id=\"wattage_per_state\" value=\"", watts,
      "\"/></host></zone></platform>\n");
}

double PluginJoules(const AcceleratorPower& power,
                    const std::array<Seconds, kActivities>& activities) {
  namespace sg4 = simgrid::s4u;
  const std::string file = testing::TempDir() + "simgrid_energy_test.xml";
  std::ofstream(file) << Platform(power);
  int argc = 1;
  char name[] = "test";
  char* argv[] = {name, nullptr};
  sg4::Engine engine(&argc, argv);
  sg_host_energy_plugin_init();
  engine.load_platform(file);
  sg4::Host* board = engine.host_by_name("board");
  sg4::Actor::create("program", board, [&] {
    for (int i = 0; i < kActivities; ++i) {
      board->set_pstate(i);
      if (i == static_cast<int>(Activity::kIdle)) {
        sg4::this_actor::sleep_for(activities[i].value());
      } else {
        sg4::this_actor::execute(activities[i].value() * kSpeed);
      }
    }
  });
  engine.run();
  return sg_host_get_consumed_energy(board);
}

TEST(SimgridEnergy, PluginAndPowerByActivityGiveTheSameJoules) {
  ExampleFleet example;
  example.accelerator().waiting_power = 0.1;
  Notes notes;
  const auto power = PowerOf(example.accelerator(), notes);
  ASSERT_TRUE(power.has_value());
  const std::array<Seconds, kActivities> activities = {Seconds(5), Seconds(0.5), Seconds(2),
                                                       Seconds(1.25), Seconds(0.75)};
  Seconds time;
  for (Seconds part : activities) time += part;
  const double ours = (power->Mean(activities) * time).value();
  EXPECT_NEAR(PluginJoules(*power, activities), ours, 1e-6 * ours);
}

}  // namespace
}  // namespace fleetsim
