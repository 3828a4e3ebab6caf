#include "sim/report/format.h"

#include <gmock/gmock.h>

namespace fleetsim {
namespace {

TEST(FormatNumber, SignificantDigits) {
  EXPECT_EQ(FormatNumber(15832), "15,800");
  EXPECT_EQ(FormatNumber(15832, 5), "15,832");
  EXPECT_EQ(FormatNumber(0.079), "0.079");
  EXPECT_EQ(FormatNumber(0), "0");
  EXPECT_EQ(FormatNumber(-2.5), "-2.5");
  EXPECT_EQ(FormatNumber(999.9), "1,000");
  EXPECT_EQ(FormatNumber(1234567, 7), "1,234,567");
}

TEST(FormatFixed, GroupsAndSigns) {
  EXPECT_EQ(FormatFixed(1234.5, 2), "1,234.50");
  EXPECT_EQ(FormatFixed(-1234567, 0), "-1,234,567");
  EXPECT_EQ(FormatFixed(123, 0), "123");
  EXPECT_EQ(FormatFixed(-0.001, 1), "0.0") << "no negative zero";
}

TEST(FormatSi, Prefixes) {
  EXPECT_EQ(FormatSi(9.89e14, "FLOP/s"), "989 TFLOP/s");
  EXPECT_EQ(FormatSi(35e-6, "s"), "35 us");
  EXPECT_EQ(FormatSi(0, "W"), "0 W");
  EXPECT_EQ(FormatSi(999.9e9, "B"), "1 TB") << "the prefix fits the rounded number";
  EXPECT_EQ(FormatSi(-2e3, "W"), "-2 kW");
}

TEST(Format, Quantities) {
  EXPECT_EQ(FormatRate(FlopsPerSecond(989.4e12)), "989.4 TFLOP/s");
  EXPECT_EQ(FormatRate(FlopsPerSecond(1979e12)), "1,979 TFLOP/s");
  EXPECT_EQ(FormatRate(FlopsPerSecond(16.2e18)), "16.2 EFLOP/s");
  EXPECT_EQ(FormatBytes(Bytes(80e9)), "80 GB");
  EXPECT_EQ(FormatBandwidth(BytesPerSecond(3.35e12)), "3.35 TB/s");
  EXPECT_EQ(FormatPower(Watts(1.6e6)), "1.6 MW");
  EXPECT_EQ(FormatEnergy(Joules(3.6e12)), "1 GWh");
  EXPECT_EQ(FormatEnergy(Joules(360)), "360 J");
  EXPECT_EQ(FormatCarbon(8.93e9), "8,930 t CO2e");
  EXPECT_EQ(FormatCarbon(12), "12 g CO2e");
  EXPECT_EQ(FormatPercent(0.412), "41.2 %");
}

TEST(FormatDuration, LargestUnits) {
  EXPECT_EQ(FormatDuration(Seconds(35e-6)), "35 us");
  EXPECT_EQ(FormatDuration(Seconds(1.24)), "1.24 s");
  EXPECT_EQ(FormatDuration(Seconds(192)), "3 min 12 s");
  EXPECT_EQ(FormatDuration(Seconds(5 * 3600 + 20 * 60)), "5 h 20 min");
  EXPECT_EQ(FormatDuration(Seconds(54.2 * 86400)), "54.2 days");
}

TEST(FormatUsd, Amounts) {
  EXPECT_EQ(FormatUsd(Usd(61.2e6)), "USD 61.2 million");
  EXPECT_EQ(FormatUsd(Usd(1.02e9)), "USD 1.02 billion");
  EXPECT_EQ(FormatUsd(Usd(3350)), "USD 3,350");
  EXPECT_EQ(FormatUsd(Usd(0.079)), "USD 0.079");
}

}  // namespace
}  // namespace fleetsim
