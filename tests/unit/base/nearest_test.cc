#include "sim/base/nearest.h"

#include <gmock/gmock.h>

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);  // Wagner and Fischer's textbook example
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("abc", ""), 3);
  EXPECT_EQ(EditDistance("tdp_w", "tpd_w"), 1);  // a swap is one edit
  EXPECT_EQ(EditDistance("H100", "h100"), 0);
}

TEST(EditDistance, IsSymmetric) {
  EXPECT_EQ(EditDistance("nvidia-h20", "nvidia-h200"), EditDistance("nvidia-h200", "nvidia-h20"));
}

TEST(NearestNames, NearestFirstThenAlphabetical) {
  EXPECT_THAT(NearestNames("memory_byte", {"memory_type", "memory_bytes", "cache_bytes"}),
              ElementsAre("memory_bytes", "memory_type"));
}

TEST(NearestNames, FindsByFragment) {
  EXPECT_THAT(NearestNames("H100", {"nvidia-a100-sxm-80gb", "nvidia-h100-sxm-80gb"}),
              ElementsAre("nvidia-h100-sxm-80gb"));
}

TEST(NearestNames, NothingNear) { EXPECT_THAT(NearestNames("zzz", {"alpha", "beta"}), IsEmpty()); }

TEST(DidYouMean, SuggestsOrLists) {
  EXPECT_EQ(DidYouMean("alhpa", {"alpha", "beta"}), "did you mean \"alpha\"?");
  EXPECT_EQ(DidYouMean("zzz", {"beta", "alpha"}), "known: alpha, beta");
  EXPECT_EQ(DidYouMean("zzz", {}), "none is known");
}

}  // namespace
}  // namespace fleetsim
