#include <algorithm>

#include "sim/base/check.h"
#include "sim/hardware/serving_kernel.h"
#include "sim/hardware/serving_rates.h"
#include "sim/hardware/tiled_product.h"

namespace fleetsim {
namespace {

constexpr int kMostSplits = 16;
constexpr double kShortestPart = 256;
// Results are stored, and activations before rounding read, in 16 bits.
constexpr double kWideBytes = 2;

DataType SixteenBits(const Accelerator& accelerator) {
  for (const DataType dtype : {DataType::kBf16, DataType::kFp16}) {
    if (accelerator.Peak(dtype).value() > 0) return dtype;
  }
  return DataType::kFp32;
}

}  // namespace

FlopsPerSecond ServingPeak(const Device& device, DataType dtype) {
  const DataType held = IsNarrow(dtype) ? dtype : SixteenBits(*device.accelerator);
  const FlopsPerSecond peak =
      device.accelerator->Peak(held) * (device.speed_ratio * device.clock_ratio);
  FLEETSIM_CHECK(peak.value() > 0);
  return peak;
}

ProductFormat RunnableFormat(const Accelerator& accelerator, const ProductFormat& wanted) {
  const DataType dtype = wanted.activations.dtype;
  if (!IsNarrow(dtype) || accelerator.Peak(dtype).value() > 0) return wanted;
  return {wanted.weights, DataType::kBf16};
}

KernelCost ServingGemm(const Device& device, const ProductFormat& format, const GemmShape& shape) {
  const ServingProduct& product = EntryOf(device.kernels->serving.products, format, device.serving);
  const double units = device.accelerator->compute_units;
  const FlopsPerSecond peak = ServingPeak(device, format.activations.dtype);
  const BytesPerSecond memory = device.accelerator->memory_bandwidth * product.memory;
  const TileRates rates{
      product.tiles, units,         peak / std::max(1.0, units), memory, product.ramp_depth,
      kMostSplits,   kShortestPart, product.split_latency};
  const Flops work(2 * shape.m * shape.n * shape.k * shape.batch);
  KernelCost cost;
  // Padding of tiles and of rounds is the kernel's loss, not the arithmetic's.
  cost.arithmetic = work / (peak * product.sustained);
  const Seconds tiled = Max(BestTiledTime(rates, shape), cost.arithmetic);
  const double in = std::min(kWideBytes, StoredBytes(format.activations));
  const Bytes traffic(shape.batch * (StoredBytes(format.weights) * shape.k * shape.n +
                                     in * shape.m * shape.k + kWideBytes * shape.m * shape.n));
  cost.reading = traffic / memory;
  cost.time =
      product.start_up + Max(tiled, cost.reading) + Min(tiled, cost.reading) * product.overlap_loss;
  if (product.vector > 0) {
    const Seconds arithmetic = work / (peak * product.vector);
    const Seconds time = product.vector_start_up + Max(arithmetic, cost.reading);
    if (time < cost.time) cost = {time, arithmetic, cost.reading};
  }
  return cost;
}

Seconds QuantiseActivations(const Device& device, NumberFormat format, double tokens, double width,
                            bool scales_known) {
  if (!IsNarrow(format.dtype)) return Seconds(0.0);
  const KernelClass& kernels = *device.kernels;
  const BytesPerSecond memory = device.accelerator->memory_bandwidth;
  const Bytes read(kWideBytes * tokens * width);
  const Bytes written(StoredBytes(format) * tokens * width);
  Seconds pass = (read + written) / (memory * kernels.quantise_efficiency);
  if (format.scaling == Scaling::kRow && !scales_known) {
    const double units = std::max(1, device.accelerator->compute_units);
    pass = Max(pass, kernels.serving.row_cast_element * (tokens * width / units));
  }
  Seconds time = kernels.serving.cast_start_up + pass;
  const bool searched = format.scaling == Scaling::kTensor || format.scaling == Scaling::kNone ||
                        format.scaling == Scaling::kTensorDelayed;
  if (searched && !scales_known) {
    time += kernels.serving.scale_start_up + read / (memory * kernels.stream_efficiency);
  }
  return time;
}

}  // namespace fleetsim
