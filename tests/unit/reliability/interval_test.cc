#include "sim/reliability/interval.h"

#include <gmock/gmock.h>

#include <cmath>

namespace fleetsim {
namespace {

constexpr double kMinute = 60.0;

double Minutes(double pause_min, double mean_min) {
  return OptimalInterval(Seconds(pause_min * kMinute), Seconds(mean_min * kMinute)).value() /
         kMinute;
}

// Captions of figures 3, 4 and 5 of Daly 2006: checkpoints of 5 minutes.
TEST(OptimalInterval, AsPublished) {
  EXPECT_NEAR(Minutes(5, 24 * 60), 117, 0.5);
  EXPECT_NEAR(Minutes(5, 6 * 60), 57, 0.5);
  EXPECT_NEAR(Minutes(5, 15), 9.1, 0.05);
}

TEST(OptimalInterval, IsYoungsWhereCheckpointsAreCheap) {
  const double young = std::sqrt(2.0 * 1.0 * 1e6);
  EXPECT_NEAR(OptimalInterval(Seconds(1), Seconds(1e6)).value(), young, 0.001 * young);
}

// Beyond Daly's condition of half the pause the mean time itself.
TEST(OptimalInterval, IsTheMeanTimeWhereCheckpointsAreDear) {
  EXPECT_EQ(OptimalInterval(Seconds(200), Seconds(100)), Seconds(100));
  EXPECT_EQ(OptimalInterval(Seconds(1000), Seconds(100)), Seconds(100));
}

}  // namespace
}  // namespace fleetsim
