#include "sim/validation/metric.h"

#include "gtest/gtest.h"

namespace fleetsim {
namespace {

// One accelerator of 300 TFLOP/s passes 1,000 tokens a second at 150 TFLOP/s.
StepResult HalfBusy() {
  StepResult step;
  step.duration = Seconds(2.0);
  step.tokens = 2000;
  step.accelerators = 1;
  step.peak = FlopsPerSecond(300e12);
  step.model_flops_full_attention = Flops(300e12);
  step.hardware_flops_full_attention = Flops(400e12);
  return step;
}

TEST(Metric, UtilisationOfTheAcceleratorsPeak) {
  EXPECT_NEAR(*SimulatedMetric(HalfBusy(), {.metric = "mfu"}, 1000), 50.0, 1e-9);
  EXPECT_NEAR(*SimulatedMetric(HalfBusy(), {.metric = "hfu"}, 1000), 200.0 / 3.0, 1e-9);
}

TEST(Metric, UtilisationOfTheSourcesPeak) {
  const UtilisationConvention convention{.peak = FlopsPerSecond(200e12)};
  EXPECT_NEAR(*SimulatedMetric(HalfBusy(), {.metric = "mfu"}, 1000, convention), 75.0, 1e-9);
  EXPECT_NEAR(*SimulatedMetric(HalfBusy(), {.metric = "hfu"}, 1000, convention), 100.0, 1e-9);
}

// Six flops a token and parameter, attention not counted: 20e9 parameters are 120 TFLOP/s.
TEST(Metric, UtilisationOfTheNominalSize) {
  const UtilisationConvention convention{.flops_per_token = 6 * 20e9};
  EXPECT_NEAR(*SimulatedMetric(HalfBusy(), {.metric = "mfu"}, 1000, convention), 40.0, 1e-9);
  EXPECT_NEAR(*SimulatedMetric(HalfBusy(), {.metric = "tflops_per_accel_model"}, 1000, convention),
              150.0, 1e-9);
}

}  // namespace
}  // namespace fleetsim
