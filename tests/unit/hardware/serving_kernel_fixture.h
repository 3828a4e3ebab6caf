// Serving kernels of round numbers on an accelerator of round numbers.
#ifndef TESTS_UNIT_HARDWARE_SERVING_KERNEL_FIXTURE_H_
#define TESTS_UNIT_HARDWARE_SERVING_KERNEL_FIXTURE_H_

#include <gtest/gtest.h>

#include <vector>

#include "sim/hardware/serving_kernel.h"

namespace fleetsim {

// Round numbers: 100 units, 400 TFLOP/s in 16 bits, 2 TB/s.
class ServingKernelTest : public ::testing::Test {
 protected:
  ServingKernelTest() {
    accelerator_.compute_units = 100;
    accelerator_.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(400e12);
    accelerator_.peak[static_cast<int>(DataType::kFp8)] = FlopsPerSecond(800e12);
    accelerator_.memory_bandwidth = BytesPerSecond(2e12);
    kernels_.quantise_efficiency = 0.5;
    kernels_.stream_efficiency = 0.8;
    ServingKernels& serving = kernels_.serving;
    serving.products = {Product(DataType::kBf16, false), Product(DataType::kFp8, false),
                        Product(DataType::kInt4, true), Product(DataType::kInt8, true)};
    for (const bool latent : {false, true}) {
      serving.prefill.push_back(Prefill(latent));
      serving.decode.push_back(Decode(latent));
    }
    serving.experts = {Experts(DataType::kBf16), Experts(DataType::kFp8)};
    serving.scale_start_up = Seconds(7e-6);
    serving.cast_start_up = Seconds(1e-6);
    device_ = {&accelerator_, &kernels_};
  }

  static ServingProduct Product(DataType dtype, bool weights_only) {
    ServingProduct product;
    product.weights = dtype;
    product.weights_only = weights_only;
    product.tiles = {{128, 128, 0.8}};
    product.sustained = 0.5;
    product.memory = 0.8;
    product.overlap_loss = 0.1;
    product.start_up = Seconds(3e-6);
    product.split_latency = Seconds(1e-4);  // never worth it here
    return product;
  }
  static PrefillKernel Prefill(bool latent) {
    PrefillKernel kernel;
    kernel.latent = latent;
    kernel.start_up = Seconds(5e-6);
    kernel.tail_rounds = 0;
    kernel.memory = 0.8;
    kernel.points = {{64, 0.4}, {128, 0.6}};
    return kernel;
  }
  static DecodeKernel Decode(bool latent) {
    DecodeKernel kernel;
    kernel.latent = latent;
    kernel.memory = 0.8;
    kernel.arithmetic = 0.5;
    kernel.start_up = Seconds(5e-6);
    kernel.split_latency = Seconds(2e-6);
    return kernel;
  }
  static ExpertLayerKernel Experts(DataType dtype) {
    ExpertLayerKernel kernel;
    kernel.weights = dtype;
    kernel.arithmetic = 0.5;
    kernel.memory = 0.8;
    kernel.start_up = Seconds(2e-5);
    kernel.touched_latency = Seconds(1e-7);
    kernel.held_latency = Seconds(1e-8);
    kernel.routed_latency = Seconds(1e-10);
    return kernel;
  }

  // Every kernel of a serving step at a size between latency and saturation.
  std::vector<double> AllTimes() const {
    const ProductFormat wide{DataType::kBf16, DataType::kBf16};
    return {
        ServingGemm(device_, wide, {48, 8192, 4096}).time.value(),
        QuantiseActivations(device_, DataType::kFp8, 512, 8192, false).value(),
        DecodeAttention(device_, {.batch = 16, .heads = 32, .kv_heads = 8, .kv_tokens = 3000})
            .time.value(),
        PrefillAttention(device_, {.heads = 32, .kv_heads = 8, .query_tokens = 700}).time.value(),
        LatentDecode(device_, {.batch = 16, .heads = 16, .kv_tokens = 3000}).time.value(),
        ExpertLayer(device_, wide,
                    {.copies = 100, .hidden = 2048, .inter = 768, .experts = 64, .touched = 50})
            .time.value()};
  }

  Accelerator accelerator_;
  KernelClass kernels_;
  Device device_;
};

inline constexpr ProductFormat kWide{DataType::kBf16, DataType::kBf16};
inline constexpr ProductFormat kFp8{DataType::kFp8, DataType::kFp8};
inline constexpr ProductFormat kInt4Only{DataType::kInt4, DataType::kBf16};

}  // namespace fleetsim

#endif  // TESTS_UNIT_HARDWARE_SERVING_KERNEL_FIXTURE_H_
