#include "sim/platform/quantity.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

TEST(Quantity, BitsAndBytes) {
  EXPECT_DOUBLE_EQ(ParseBandwidth("50GBps")->value(), 50e9);
  EXPECT_DOUBLE_EQ(ParseBandwidth("400Gbps")->value(), 50e9);
  EXPECT_DOUBLE_EQ(ParseBandwidth("1.6Tbps")->value(), 200e9);
  EXPECT_DOUBLE_EQ(ParseBandwidth("1GiBps")->value(), 1073741824.0);
  EXPECT_DOUBLE_EQ(ParseBandwidth("12Bps")->value(), 12.0);
  EXPECT_DOUBLE_EQ(ParseBandwidth("0")->value(), 0.0);
}

TEST(Quantity, SpeedsAndTimes) {
  EXPECT_DOUBLE_EQ(ParseSpeed("989.4Tf")->value(), 989.4e12);
  EXPECT_DOUBLE_EQ(ParseSpeed("1Pf")->value(), 1e15);
  EXPECT_DOUBLE_EQ(ParseTime("0.7us")->value(), 0.7e-6);
  EXPECT_DOUBLE_EQ(ParseTime("5ms")->value(), 5e-3);
  EXPECT_DOUBLE_EQ(ParseTime("2m")->value(), 120.0);
  EXPECT_DOUBLE_EQ(ParseTime("1e-6s")->value(), 1e-6);
}

TEST(Quantity, TextReadsBack) {
  for (const double value : {1.0, 999.0, 12.5e6, 400e9, 51.2e12, 1.0 / 3.0 * 1e9}) {
    EXPECT_NEAR(ParseBandwidth(BandwidthText(BytesPerSecond(value)))->value(), value,
                value * 1e-11);
    EXPECT_NEAR(ParseSpeed(SpeedText(FlopsPerSecond(value)))->value(), value, value * 1e-11);
  }
  for (const double value : {5.0, 4.94e-3, 0.7e-6, 3.3e-7, 0.0}) {
    EXPECT_NEAR(ParseTime(TimeText(Seconds(value)))->value(), value, value * 1e-11);
  }
}

TEST(Quantity, TextIsShort) {
  EXPECT_EQ(BandwidthText(BytesPerSecond(400e9)), "400GBps");
  EXPECT_EQ(BandwidthText(BytesPerSecond(12.8e12)), "12800GBps");
  EXPECT_EQ(SpeedText(FlopsPerSecond(989.4e12)), "989.4Tf");
  EXPECT_EQ(TimeText(Seconds(1.4e-6)), "1.4us");
  EXPECT_EQ(TimeText(Seconds(0.33e-6)), "330ns");
}

TEST(Quantity, WhatIsRefused) {
  const auto message = [](const auto& value) { return std::string(value.status().message()); };
  EXPECT_THAT(message(ParseBandwidth("50")), HasSubstr("without a unit"));
  EXPECT_THAT(message(ParseBandwidth("50GB/s")), HasSubstr("unknown unit \"GB/s\""));
  EXPECT_THAT(message(ParseBandwidth("-50GBps")), HasSubstr("not negative"));
  EXPECT_THAT(message(ParseBandwidth("nanGBps")), HasSubstr("a number with a unit"));
  EXPECT_THAT(message(ParseBandwidth("inf")), HasSubstr("a number with a unit"));
  EXPECT_THAT(message(ParseBandwidth("1e999GBps")), HasSubstr("a number with a unit"));
  EXPECT_THAT(message(ParseBandwidth("")), HasSubstr("a number with a unit"));
  EXPECT_THAT(message(ParseSpeed("1Tf,2Tf")), HasSubstr("unknown unit"));
  EXPECT_THAT(message(ParseTime("3 us")), HasSubstr("unknown unit"));
}

}  // namespace
}  // namespace fleetsim
