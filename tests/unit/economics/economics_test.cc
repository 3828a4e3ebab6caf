#include "sim/economics/economics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/economics/example_fleet.h"

namespace fleetsim {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr double kTolerance = 1e-9;
constexpr double kDaysPerYear = 365;

// A matrix product draws 100 + 0.9 x 900 = 910 W, idling 100 W: 505 W in the mean, 0.45 of the way
// to TDP. The server then draws 1000 + 0.45 x 2000 = 1900 W, its ports 8 x 25 W.
constexpr double kServerDayItW = 8 * 505.0 + 1900 + 200;
constexpr double kServerDayKwh = 1.2 * kServerDayItW * 24 / 1000;

TEST(EconomicsTest, EnergyOfOneServerForADay) {
  ExampleFleet example;
  const auto result = example.Compute();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_DOUBLE_EQ(result->steps, 24);
  EXPECT_DOUBLE_EQ(result->duration.value(), kSecondsPerDay);
  ASSERT_TRUE(result->energy.has_value());
  const EnergyParts& energy = *result->energy;
  EXPECT_NEAR(energy.accelerators[static_cast<int>(Activity::kMatrix)].value(),
              8 * 910.0 * kSecondsPerDay / 2, 1);
  EXPECT_NEAR(energy.accelerators[static_cast<int>(Activity::kIdle)].value(),
              8 * 100.0 * kSecondsPerDay / 2, 1);
  EXPECT_NEAR(energy.servers.value(), 1900 * kSecondsPerDay, 1);
  EXPECT_NEAR(energy.network.value(), 200 * kSecondsPerDay, 1);
  EXPECT_NEAR(energy.facility.value(), 0.2 * kServerDayItW * kSecondsPerDay, 1);
  EXPECT_NEAR(energy.Total().value() / kJoulesPerKwh, kServerDayKwh, 1e-6);
  EXPECT_NEAR(result->mean_power->value(), 1.2 * kServerDayItW, 1e-6);
}

TEST(EconomicsTest, CarbonIsEnergyTimesIntensity) {
  ExampleFleet example;
  EXPECT_NEAR(*example.Compute()->carbon_g, kServerDayKwh * 500, 1e-3);
}

TEST(EconomicsTest, OwningOneServerForADay) {
  ExampleFleet example;
  const auto result = example.Compute();
  ASSERT_TRUE(result.ok()) << result.status();
  const double share = 1 / (4 * kDaysPerYear);
  const double capex = 8 * 30000.0 + 60000 + 8 * 2500 + 8 * 100;
  EXPECT_NEAR(result->capex->value(), capex, kTolerance);
  EXPECT_NEAR(result->owned.accelerators->value(), 240000 * share, kTolerance);
  EXPECT_NEAR(result->owned.servers->value(), 60000 * share, kTolerance);
  EXPECT_NEAR(result->owned.network->value(), 20000 * share, kTolerance);
  EXPECT_NEAR(result->owned.storage->value(), 800 * share, kTolerance);
  EXPECT_NEAR(result->owned.maintenance->value(), 0.05 * capex / kDaysPerYear, kTolerance);
  // 8 kW of accelerators, 3 kW of server and 0.2 kW of ports have to be provisioned.
  EXPECT_NEAR(result->provisioned_power->value(), 11200, kTolerance);
  EXPECT_NEAR(result->owned.hosting->value(), 11.2 * 150 * 12 / kDaysPerYear, kTolerance);
  EXPECT_NEAR(result->owned.energy->value(), kServerDayKwh * 0.10, kTolerance);
  EXPECT_NEAR(result->owned.Total()->value(),
              capex * share + 0.05 * capex / kDaysPerYear + 11.2 * 150 * 12 / kDaysPerYear +
                  kServerDayKwh * 0.10,
              1e-6);
  EXPECT_EQ(result->Cost(), result->owned.Total());
  EXPECT_TRUE(result->missing.empty());
}

TEST(EconomicsTest, RentIsByAcceleratorHour) {
  ExampleFleet example;
  example.options.rented = true;
  const auto result = example.Compute();
  EXPECT_NEAR(result->rented->value(), 8 * 24 * 2.5, kTolerance);
  EXPECT_EQ(result->Cost(), result->rented);
}

TEST(EconomicsTest, ALastPartialStepCountsWhole) {
  ExampleFleet example;
  example.input.tokens = 23.2e6;
  EXPECT_DOUBLE_EQ(example.Compute()->steps, 24);
  example.input.tokens.reset();
  EXPECT_DOUBLE_EQ(example.Compute()->steps, 1);
}

TEST(EconomicsTest, OverridesReplaceTheCatalog) {
  ExampleFleet example;
  example.options.pue = 1.0;
  example.options.electricity_usd_per_kwh = 0.20;
  example.options.carbon_g_per_kwh = 50;
  example.options.accelerator_price_usd = 15000;
  example.options.network_usd_per_port = 0;
  example.options.storage_usd_per_accelerator = 0;
  example.options.depreciation_years = 2;
  example.options.hosting_usd_per_kw_month = 0;
  example.options.maintenance_ratio_per_year = 0;
  example.options.utilization_ratio = 0.5;
  const auto result = example.Compute();
  ASSERT_TRUE(result.ok()) << result.status();
  const double kwh = kServerDayItW * 24 / 1000;
  EXPECT_NEAR(*result->carbon_g, kwh * 50, 1e-3);
  EXPECT_NEAR(result->capex->value(), 8 * 15000 + 60000, kTolerance);
  // Half of the hardware's life is idle: the job pays for the other half too, not for its energy.
  EXPECT_NEAR(result->owned.Total()->value(),
              2 * (8 * 15000 + 60000) / (2 * kDaysPerYear) + kwh * 0.20, 1e-6);
  EXPECT_THAT(result->assumptions,
              Contains(Field(&Assumption::source, HasSubstr("--accelerator-price-usd"))));
}

TEST(EconomicsTest, WithoutAPriceThereIsNoCostAndAReason) {
  ExampleFleet example;
  example.accelerator().price_usd = {};
  example.accelerator().rental_usd_per_h = {};
  const auto result = example.Compute();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->owned.accelerators.has_value());
  EXPECT_FALSE(result->owned.Total().has_value());
  EXPECT_FALSE(result->capex.has_value());
  EXPECT_FALSE(result->rented.has_value());
  EXPECT_TRUE(result->owned.energy.has_value());
  EXPECT_TRUE(result->energy.has_value());
  EXPECT_THAT(result->missing, Contains(Field(&MissingFigure::why, HasSubstr("acme-1"))));
  EXPECT_THAT(result->missing, Contains(Field(&MissingFigure::what, "rent")));
}

TEST(EconomicsTest, WithoutATdpThereIsNoEnergyAndAReason) {
  ExampleFleet example;
  example.accelerator().tdp = Watts(0);
  const auto result = example.Compute();
  EXPECT_FALSE(result->energy.has_value());
  EXPECT_FALSE(result->carbon_g.has_value());
  EXPECT_FALSE(result->owned.Total().has_value());
  EXPECT_TRUE(result->owned.accelerators.has_value());
  EXPECT_THAT(result->missing, Contains(Field(&MissingFigure::why, HasSubstr("tdp_w"))));
}

TEST(EconomicsTest, WithoutARegionThereIsNoCarbon) {
  ExampleFleet example;
  example.fleet.sites[0].region = nullptr;
  const auto result = example.Compute();
  EXPECT_TRUE(result->energy.has_value());
  EXPECT_FALSE(result->carbon_g.has_value());
  EXPECT_THAT(result->missing, Contains(Field(&MissingFigure::what, "carbon")));
  example.options.carbon_g_per_kwh = 500;
  EXPECT_NEAR(*example.Compute()->carbon_g, kServerDayKwh * 500, 1e-3);
}

TEST(EconomicsTest, TwiceTheHostsCostTwice) {
  ExampleFleet one(1), two(2);
  const auto half = one.Compute(), whole = two.Compute();
  EXPECT_NEAR(whole->energy->Total() / half->energy->Total(), 2, kTolerance);
  EXPECT_NEAR(*whole->owned.Total() / *half->owned.Total(), 2, kTolerance);
}

TEST(EconomicsTest, AcceleratorsBesideTheJobAreReportedApart) {
  ExampleFleet alone(1), beside(3);
  beside.step.accelerators = 8;
  const auto job = alone.Compute(), result = beside.Compute();
  EXPECT_EQ(result->hosts, 1);
  EXPECT_EQ(result->unused.accelerators, 16);
  EXPECT_EQ(result->energy->Total(), job->energy->Total());
  EXPECT_EQ(*result->owned.Total(), *job->owned.Total());
  // Two servers at idle: 8 x 100 W, 1000 W and the ports' 200 W each.
  EXPECT_NEAR(result->unused.energy->value(), 1.2 * 2 * 2000 * kSecondsPerDay, 1);
  const Usd powered = *job->owned.energy;
  const Usd unused_power(1.2 * 2 * 2000 * 24 / 1000 * 0.10);
  EXPECT_NEAR(result->unused.cost->value(),
              (2 * (*job->owned.Total() - powered) + unused_power).value(), 1e-6);
}

TEST(EconomicsTest, PartOfADomainIsChargedItsShare) {
  ExampleFleet whole, part;
  part.step.accelerators = 2;
  const auto all = whole.Compute(), quarter = part.Compute();
  EXPECT_NEAR(quarter->energy->Total() / all->energy->Total(), 0.25, kTolerance);
  EXPECT_NEAR(*quarter->owned.Total() / *all->owned.Total(), 0.25, kTolerance);
  EXPECT_EQ(quarter->unused.accelerators, 6);
}

TEST(EconomicsTest, ChosenLeavesAreCharged) {
  ExampleFleet example;
  example.fleet.leaves.push_back(example.fleet.leaves[0]);
  Accelerator dear = example.accelerator();
  dear.name = "acme-2";
  dear.rental_usd_per_h.typical = 25;
  example.catalog.accelerators["acme-2"] = dear;
  example.fleet.leaves[1].accelerator = &example.catalog.accelerators["acme-2"];
  example.fleet.hosts.push_back({"other", 1});
  EXPECT_NEAR(example.Compute()->rented->value(), 8 * 24 * 2.5, kTolerance);
  example.input.leaf_accelerators = {4, 4};
  EXPECT_NEAR(example.Compute()->rented->value(), 4 * 24 * 2.5 + 4 * 24 * 25, kTolerance);
}

TEST(EconomicsTest, RacksByPowerThenByHeight) {
  // 11.2 kW a server: three in 40 kW, so ten servers fill four racks.
  ExampleFleet example(10);
  EXPECT_DOUBLE_EQ(*example.Compute()->racks, 4);
  EXPECT_DOUBLE_EQ(*example.Compute()->floor_space_m2, 10);
  example.options.rack_power_w = 1e6;  // 42 units hold five servers of eight
  EXPECT_DOUBLE_EQ(*example.Compute()->racks, 2);
  example.options.rack_power_w = 5000;  // three racks a server
  EXPECT_DOUBLE_EQ(*example.Compute()->racks, 30);
  example.server().racks = 16;
  EXPECT_DOUBLE_EQ(*example.Compute()->racks, 160);
}

TEST(EconomicsTest, OptionsOutOfRangeNameTheFlag) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ExampleFleet example;
  example.options.pue = 0.9;
  EXPECT_THAT(example.Compute().status().ToString(), HasSubstr("--pue"));
  example.options = {};
  example.options.utilization_ratio = 0;
  EXPECT_THAT(example.Compute().status().ToString(), HasSubstr("--utilization-ratio"));
  example.options = {};
  example.options.rental_usd_per_h = nan;
  EXPECT_THAT(example.Compute().status().ToString(), HasSubstr("--rental-usd-per-h"));
  example.options = {};
  example.options.depreciation_years = -1;
  EXPECT_THAT(example.Compute().status().ToString(), HasSubstr("--depreciation-years"));
  example.options = {};
  example.options.prices = "elsewhere";
  EXPECT_FALSE(example.Compute().ok());
}

}  // namespace
}  // namespace fleetsim
