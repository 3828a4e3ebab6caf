#include "sim/economics/price.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/economics/example_fleet.h"

namespace fleetsim {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

DomainPrice PriceOf(const ExampleFleet& example, Notes& notes) {
  return DomainPriceOf(example.fleet.leaves[0], example.options, notes);
}

TEST(PriceTest, TypicalElseGeometricMeanElseTheOnlyEnd) {
  EXPECT_EQ(TypicalPrice({2.0, 5.0, 8.0}), 5.0);
  EXPECT_DOUBLE_EQ(*TypicalPrice({2.0, std::nullopt, 8.0}), 4.0);
  EXPECT_EQ(TypicalPrice({2.0, std::nullopt, std::nullopt}), 2.0);
  EXPECT_EQ(TypicalPrice({std::nullopt, std::nullopt, 8.0}), 8.0);
  EXPECT_EQ(TypicalPrice({}), std::nullopt);
}

TEST(PriceTest, ARangeIsSaidToBeOne) {
  ExampleFleet example;
  example.accelerator().price_usd = {10000, std::nullopt, 40000};
  Notes notes;
  EXPECT_DOUBLE_EQ(PriceOf(example, notes).accelerators->value(), 8 * 20000);
  EXPECT_THAT(notes.TakeAssumptions(),
              Contains(Field(&Assumption::what, HasSubstr("geometric mean"))));
}

TEST(PriceTest, AQuotedServerIsSplit) {
  ExampleFleet example;
  example.server().base_price = Usd(0);
  example.server().price_usd.typical = 320000;
  Notes notes;
  DomainPrice price = PriceOf(example, notes);
  EXPECT_EQ(price.accelerators, Usd(240000));
  EXPECT_EQ(price.servers, Usd(80000));
  // Cheaper accelerators leave the server around them as it was.
  example.options.accelerator_price_usd = 10000;
  price = PriceOf(example, notes);
  EXPECT_EQ(price.accelerators, Usd(80000));
  EXPECT_EQ(price.servers, Usd(80000));
}

TEST(PriceTest, AQuotedServerBelowItsAcceleratorsHolds) {
  ExampleFleet example;
  example.server().base_price = Usd(0);
  example.server().price_usd.typical = 200000;
  Notes notes;
  const DomainPrice price = PriceOf(example, notes);
  EXPECT_EQ(*price.accelerators + *price.servers, Usd(200000));
  EXPECT_THAT(notes.TakeAssumptions(), Contains(Field(&Assumption::what, HasSubstr("holds"))));
}

TEST(PriceTest, UnknownServersAndNetworksTakeTheUsualRatios) {
  ExampleFleet example;
  example.server().base_price = Usd(0);
  example.fabric().port_price = Usd(0);
  Notes notes;
  const DomainPrice price = PriceOf(example, notes);
  EXPECT_NEAR(*price.servers / *price.accelerators, 0.65, 1e-12);
  EXPECT_NEAR(*price.network / (*price.accelerators + *price.servers + *price.network), 0.19,
              1e-12);
  EXPECT_THAT(notes.TakeAssumptions(), Contains(Field(&Assumption::evidence, "assumed")));
}

TEST(PriceTest, SlowerNicsTakeTheirShareOfAPort) {
  ExampleFleet example;
  example.fabric().port_bandwidth = BytesPerSecond(50e9);
  example.fleet.leaves[0].nic_bandwidth = BytesPerSecond(8 * 25e9);
  Notes notes;
  EXPECT_EQ(PriceOf(example, notes).network, Usd(4 * 2500));
}

TEST(PriceTest, NoNetworkCostsNothing) {
  ExampleFleet example;
  example.fleet.leaves[0].nics = 0;
  Notes notes;
  EXPECT_EQ(PriceOf(example, notes).network, Usd(0));
}

}  // namespace
}  // namespace fleetsim
