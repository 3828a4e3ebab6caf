#include "sim/hardware/host_processor.h"

#include <gtest/gtest.h>

namespace fleetsim {
namespace {

TEST(HostProcessor, KnownByTheNameInTheServersEntry) {
  EXPECT_EQ(HostThreadSpeed("2x Intel Xeon 8480C"), 1);
  EXPECT_EQ(HostThreadSpeed("2x x86"), 1);
  EXPECT_LT(HostThreadSpeed("2x AMD EPYC 7742"), 0.7);
  EXPECT_LT(HostThreadSpeed("4x Kunpeng 920"), HostThreadSpeed("2x AMD EPYC 7742"));
}

}  // namespace
}  // namespace fleetsim
