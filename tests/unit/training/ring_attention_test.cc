#include "sim/training/ring_attention.h"

#include "gtest/gtest.h"
#include "sim/collective/collective.h"
#include "sim/training/step.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

// Context degree 4 of one tensor rank each, 4 x 2048 tokens.
struct Ring {
  TestBed bed{1};
  TrainingSpec spec = bed.Spec({.context = 4});
  WorkerHardware hardware = *HardwareOf(bed.fleet.leaves[0], bed.catalog, DataType::kBf16);
  AttentionShape core;

  Ring() {
    spec.sequence_length = 8192;
    core = ForwardOperators(bed.model, 0, spec.Shard()).attention;
  }
  // k and v of 2048 tokens, 16 heads of 128, 16 bits.
  static constexpr double kSent = 2.0 * 2048 * 16 * 128 * 2;
};

TEST(RingAttention, FastLinksHideTheExchanges) {
  Ring ring;
  const double exchange = LocalTransferTime(Bytes(Ring::kSent), ring.hardware.links).value();
  const RingPass forward = RingForward(ring.spec, ring.hardware, ring.core);
  ASSERT_GT(forward.attention.value() / 4, exchange);
  EXPECT_EQ(forward.exposed, Seconds(0.0));
  EXPECT_NEAR(forward.hidden.value(), 3 * exchange, 1e-12);
}

TEST(RingAttention, SlowNetworkShowsWhatABlockCannotHide) {
  Ring ring;
  ring.hardware.links.domain_accelerators = 2;  // the ring leaves the host
  ring.hardware.network = BytesPerSecond(1e9);
  const RingPass forward = RingForward(ring.spec, ring.hardware, ring.core);
  EXPECT_NEAR(forward.exposed.value(), 3 * (Ring::kSent / 1e9 - forward.attention.value() / 4),
              1e-12);
  EXPECT_NEAR(forward.hidden.value(), 3 * forward.attention.value() / 4, 1e-12);
  // Backward sends keys, values and their gradients.
  const RingPass backward = RingBackward(ring.spec, ring.hardware, ring.core);
  EXPECT_NEAR(backward.exposed.value(),
              3 * (2 * Ring::kSent / 1e9 - backward.attention.value() / 4), 1e-12);
}

TEST(RingAttention, StaysOnAHostWhereRanksFillPartsOfIt) {
  Ring ring;
  ring.hardware.network = BytesPerSecond(1e6);
  EXPECT_EQ(RingForward(ring.spec, ring.hardware, ring.core).exposed, Seconds(0.0));
  ring.spec.strategy.context = 3;  // 8 workers a host: some ring crosses hosts
  EXPECT_GT(RingForward(ring.spec, ring.hardware, ring.core).exposed, Seconds(1.0));
}

TEST(RingAttention, BlocksAreTheWholeTriangle) {
  Ring ring;
  // Without tiles' and ramps' share: the masked triangle of 8192 tokens, a quarter on each rank.
  FlashAttention& flash = ring.bed.catalog.kernel_classes["test"].attention[0];
  flash.ramp_tokens = 0;
  flash.query_tile = flash.kv_tile = 1;
  flash.start_up = Seconds(0.0);
  ring.bed.catalog.accelerators["test"].compute_units = 1;
  AttentionShape whole = ring.core;
  whole.query_tokens = whole.kv_tokens = 8192;
  whole.causal = true;
  whole.generation = AttentionKernel::kFlash2;
  const double expected =
      FlashAttentionForward(ring.hardware.device, DataType::kBf16, whole).value() / 4;
  const RingPass forward = RingForward(ring.spec, ring.hardware, ring.core);
  EXPECT_NEAR(forward.attention.value() / expected, 1.0, 1e-3);
}

}  // namespace
}  // namespace fleetsim
