// Host time beside or after the device's.
#include "gmock/gmock.h"
#include "sim/training/layer_cost.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

TEST(HostTime, AddsUpWhereTheHostWaitsForTheDevice) {
  TestBed bed(1);
  const WorkerHardware hardware{
      .device = {&bed.catalog.accelerators.at("test"), &bed.catalog.kernel_classes.at("test")}};
  TrainingSpec spec = bed.Spec({.chunk_layers = {8}});
  spec.stack = &bed.stack;
  bed.stack.launches_forward = 10;
  bed.stack.host_per_launch = Seconds(0.0);
  const Seconds device = LayerForward(spec, hardware, 0, Part::kForward).duration;
  bed.stack.host_per_launch = device * 0.05;  // half the device's time in all
  EXPECT_DOUBLE_EQ(LayerForward(spec, hardware, 0, Part::kForward).duration.value(),
                   device.value());
  bed.stack.host_waits_for_device = true;
  EXPECT_NEAR(LayerForward(spec, hardware, 0, Part::kForward).duration / device, 1.5, 1e-9);
}

}  // namespace
}  // namespace fleetsim
