// A kernel's time is asked for hundreds of times in each simulated configuration.
#include <string>

#include "benchmark/benchmark.h"
#include "proto/kernel_class.pb.h"
#include "sim/base/check.h"
#include "sim/hardware/kernel.h"
#include "sim/hardware/serving_kernel.h"
#include "sim/inputs/kernel_class_reader.h"

namespace fleetsim {
namespace {

KernelClass H100() {
  const std::string path = FLEETSIM_SOURCE_DIR "/platforms/catalog/kernels/nvidia-h100.textproto";
  proto::KernelClass entry;
  const auto lines = ParseProtoFile(path, &entry);
  FLEETSIM_CHECK(lines.ok());
  const auto read = ReadKernelClass(entry, path, *lines);
  FLEETSIM_CHECK(read.ok());
  return *read;
}

Accelerator Hopper() {
  Accelerator accelerator;
  accelerator.compute_units = 132;
  accelerator.peak[static_cast<int>(DataType::kBf16)] = FlopsPerSecond(989.4e12);
  accelerator.memory_bandwidth = BytesPerSecond(3.35e12);
  return accelerator;
}

void BM_GemmTime(benchmark::State& state) {
  const KernelClass kernels = H100();
  const Accelerator accelerator = Hopper();
  const Device device{&accelerator, &kernels, 1.0};
  const GemmShape shape{static_cast<double>(state.range(0)), 4096, 4096};
  for (auto _ : state) benchmark::DoNotOptimize(GemmTime(device, DataType::kBf16, shape));
}
BENCHMARK(BM_GemmTime)->Arg(1)->Arg(8192);

void BM_FlashAttention(benchmark::State& state) {
  const KernelClass kernels = H100();
  const Accelerator accelerator = Hopper();
  const Device device{&accelerator, &kernels, 1.0};
  const AttentionShape shape{1, 16, 2, 128, 128, 8192, 8192, true, AttentionKernel::kFlash3};
  for (auto _ : state) {
    benchmark::DoNotOptimize(FlashAttentionForward(device, DataType::kBf16, shape));
  }
}
BENCHMARK(BM_FlashAttention);

void BM_ServingGemm(benchmark::State& state) {
  const KernelClass kernels = H100();
  const Accelerator accelerator = Hopper();
  const Device device{&accelerator, &kernels, 1.0};
  const ProductFormat wide{DataType::kBf16, DataType::kBf16};
  const GemmShape shape{static_cast<double>(state.range(0)), 4096, 4096};
  for (auto _ : state) benchmark::DoNotOptimize(ServingGemm(device, wide, shape));
}
BENCHMARK(BM_ServingGemm)->Arg(1)->Arg(64)->Arg(8192);

void BM_DecodeAttention(benchmark::State& state) {
  const KernelClass kernels = H100();
  const Accelerator accelerator = Hopper();
  const Device device{&accelerator, &kernels, 1.0};
  const DecodeShape shape{.batch = 64, .heads = 32, .kv_heads = 8, .kv_tokens = 2048};
  for (auto _ : state) benchmark::DoNotOptimize(DecodeAttention(device, shape));
}
BENCHMARK(BM_DecodeAttention);

}  // namespace
}  // namespace fleetsim
