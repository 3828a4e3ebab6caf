// Which of a class's serving kernels a call takes: of the engine's library, for its heads, in its
// format.
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/hardware/serving_kernel_fixture.h"

namespace fleetsim {
namespace {

TEST_F(ServingKernelTest, EntriesOfALibraryServeItsEnginesAlone) {
  DecodeKernel decode = Decode(false);
  decode.library = KernelLibrary::kTensorRtLlm;
  decode.memory = 0.4;
  kernels_.serving.decode.push_back(decode);
  PrefillKernel prefill = Prefill(false);
  prefill.library = KernelLibrary::kTensorRtLlm;
  prefill.points = {{128, 0.3}};
  kernels_.serving.prefill.push_back(prefill);
  ServingProduct product = Product(DataType::kInt4, true);
  product.library = KernelLibrary::kTensorRtLlm;
  product.sustained = 0.25;
  kernels_.serving.products.push_back(product);
  const DecodeShape cache{.batch = 100, .heads = 32, .kv_heads = 8, .kv_tokens = 6400};
  const PrefillShape prompt{.heads = 100, .kv_heads = 100, .query_tokens = 8192};
  const auto costs = [&](KernelLibrary library) {
    Device device = device_;
    device.serving = library;
    return std::vector<double>{
        DecodeAttention(device, cache).reading.value(),
        PrefillAttention(device, prompt).arithmetic.value(),
        ServingGemm(device, kInt4Only, {8192, 8192, 8192}).arithmetic.value()};
  };
  const std::vector<double> any = costs(KernelLibrary::kAny);
  const std::vector<double> own = costs(KernelLibrary::kTensorRtLlm);
  EXPECT_EQ(costs(KernelLibrary::kVllm), any);
  for (size_t i = 0; i < any.size(); ++i) EXPECT_DOUBLE_EQ(own[i], 2 * any[i]) << i;
  // A format that the library has no entry of is everybody's.
  Device device = device_;
  device.serving = KernelLibrary::kTensorRtLlm;
  EXPECT_EQ(ServingGemm(device, kFp8, {16, 8192, 8192}).time,
            ServingGemm(device_, kFp8, {16, 8192, 8192}).time);
}

TEST_F(ServingKernelTest, HeadsThatShareKeysHaveKernelsOfTheirOwn) {
  DecodeKernel grouped = Decode(false);
  grouped.grouped = true;
  grouped.memory = 0.4;
  kernels_.serving.decode.push_back(grouped);
  const auto bandwidth = [&](double kv_heads) {
    const DecodeShape shape{.batch = 100, .heads = 32, .kv_heads = kv_heads, .kv_tokens = 6400};
    return 100 * kv_heads * 6400 * 512 / DecodeAttention(device_, shape).reading.value();
  };
  EXPECT_DOUBLE_EQ(bandwidth(32), 2e12 * 0.8);
  EXPECT_DOUBLE_EQ(bandwidth(8), 2e12 * 0.4);
}

TEST_F(ServingKernelTest, HeadSizesReachSharesOfTheirOwn) {
  kernels_.serving.decode[0].points = {{64, 0.4}, {128, 0.6}};
  const auto bandwidth = [&](double size) {
    const DecodeShape shape{.batch = 100,
                            .heads = 32,
                            .kv_heads = 32,
                            .head_dim = size,
                            .value_dim = size,
                            .kv_tokens = 6400};
    return 100 * 32 * 6400 * 4 * size / DecodeAttention(device_, shape).reading.value();
  };
  EXPECT_DOUBLE_EQ(bandwidth(64), 2e12 * 0.4);
  EXPECT_DOUBLE_EQ(bandwidth(96), 2e12 * 0.5);
  EXPECT_DOUBLE_EQ(bandwidth(256), 2e12 * 0.6);
}

TEST_F(ServingKernelTest, NarrowPrefillTakesItsKernelWhereThereIsOne) {
  PrefillShape shape{.heads = 100, .kv_heads = 100, .query_tokens = 1024};
  const Seconds wide = PrefillAttention(device_, shape).arithmetic;
  shape.arithmetic = shape.cache = DataType::kFp8;
  EXPECT_EQ(PrefillAttention(device_, shape).arithmetic, wide);
  PrefillKernel narrow = Prefill(false);
  narrow.arithmetic = narrow.cache = DataType::kFp8;
  kernels_.serving.prefill.push_back(narrow);
  EXPECT_DOUBLE_EQ(PrefillAttention(device_, shape).arithmetic.value(), wide.value() / 2);
  shape.arithmetic = DataType::kBf16;
  EXPECT_EQ(PrefillAttention(device_, shape).arithmetic, wide);
}

}  // namespace
}  // namespace fleetsim
