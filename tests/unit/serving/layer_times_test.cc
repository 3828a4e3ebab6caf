#include "sim/serving/layer_times.h"

#include <gtest/gtest.h>

#include "sim/serving/expert_times.h"
#include "tests/unit/serving/instance_for_tests.h"

namespace fleetsim {
namespace {

constexpr char kEngine[] = "trtllm-0.12";

// Few tokens hit fewer experts where some are popular; of many the busiest rank gets more, the more
// so the more ranks share them out.
TEST(ExpertTimes, PopularExpertsSpareWeightsAndBurdenTheirRank) {
  const InstanceHardware hardware = HardwareFor("H200-SXM-141GB");
  const auto matrix = [&](int ranks, double exponent, double tokens) {
    ServingLayout layout{.tensor = ranks, .expert = ranks};
    layout.popularity_exponent = exponent;
    return ExpertTimes(SpecFor("qwen3-30b-a3b", kEngine, layout), hardware, tokens).matrix;
  };
  EXPECT_LT(matrix(1, 1.2, 16), 0.95 * matrix(1, 0, 16));
  const double two = matrix(2, 1.2, 16384) / matrix(2, 0, 16384);
  const double four = matrix(4, 1.2, 16384) / matrix(4, 0, 16384);
  EXPECT_GT(two, 1.05);
  EXPECT_GT(four, two);
}

// What differs with one property of MiniMax-M2.5 from without, of all its 62 layers.
KernelTimes Difference(double tokens, bool Architecture::*property, bool Experts::*of_experts) {
  const InstanceHardware hardware = HardwareFor("H200-SXM-141GB");
  const InstanceSpec with = SpecFor("minimax-m2.5", kEngine, {.tensor = 4});
  Architecture without_model = *with.model;
  if (property != nullptr) without_model.*property = false;
  if (of_experts != nullptr) (*without_model.experts).*of_experts = false;
  InstanceSpec without = with;
  without.model = &without_model;
  KernelTimes times = SharedLayerTimes(with, hardware, tokens);
  times += -1.0 * SharedLayerTimes(without, hardware, tokens);
  return times;
}

// The sums of squares of one norm over the heads of all ranks: 8 bytes a token in each layer, at
// 4 tokens about what each of a layer's two other all-reduces takes; q and k read once more.
TEST(SharedLayerTimes, NormsAcrossHeadsAddASmallAllReduce) {
  const InstanceHardware hardware = HardwareFor("H200-SXM-141GB");
  const InstanceSpec spec = SpecFor("minimax-m2.5", kEngine, {.tensor = 4});
  const KernelTimes more = Difference(4, &Architecture::qk_norm_across_heads, nullptr);
  const Seconds all = SharedLayerTimes(spec, hardware, 4).communication;
  EXPECT_GT(more.communication, 0.2 * all);
  EXPECT_LE(more.communication, 0.34 * all);
  const Bytes once(62 * 1e5 * (48 + 8) / 4 * 128 * 2);
  EXPECT_GT(Difference(1e5, &Architecture::qk_norm_across_heads, nullptr).memory,
            once / hardware.device.accelerator->memory_bandwidth);
}

// Routers of 3,072 x 256 on vector units, whose peak they nearly reach.
TEST(SharedLayerTimes, RoutersIn32BitsRunOnVectorUnits) {
  const InstanceHardware hardware = HardwareFor("H200-SXM-141GB");
  const Seconds more = Difference(8192, nullptr, &Experts::router_fp32).matrix;
  const Seconds peak =
      Flops(62 * 2.0 * 8192 * 3072 * 256) / hardware.device.accelerator->Peak(DataType::kFp32);
  EXPECT_GT(more, 0.9 * peak);
  EXPECT_LT(more, 1.6 * peak);
}

}  // namespace
}  // namespace fleetsim
