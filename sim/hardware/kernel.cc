#include "sim/hardware/kernel.h"

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"
#include "sim/hardware/head_sizes.h"

namespace fleetsim {
namespace {

// Backward is five products against two (Dao 2023, section 2.3: dV, dP, dQ, dK and scores again).
constexpr double kBackwardProducts = 5.0 / 2.0;
constexpr double kBackwardStartUps = 2;

FlopsPerSecond Peak(const Device& device, DataType dtype) {
  const FlopsPerSecond peak =
      device.accelerator->Peak(dtype) * (device.speed_ratio * device.clock_ratio);
  FLEETSIM_CHECK(peak.value() > 0);
  return peak;
}

bool SixteenBit(DataType dtype) { return dtype == DataType::kBf16 || dtype == DataType::kFp16; }

// The entry of the same scaling, else the first of the same elements, else the first of all. When
// the scale of a tensor was found makes no difference to the product.
const MatrixFormat& FormatOf(const KernelClass& kernels, NumberFormat wanted) {
  const Scaling scaling =
      wanted.scaling == Scaling::kTensorDelayed ? Scaling::kTensor : wanted.scaling;
  const MatrixFormat* found = nullptr;
  for (const MatrixFormat& format : kernels.matrix) {
    if (format.dtype != wanted.dtype && !(SixteenBit(format.dtype) && SixteenBit(wanted.dtype))) {
      continue;
    }
    if (format.scaling == scaling) return format;
    if (found == nullptr) found = &format;
  }
  return found != nullptr ? *found : kernels.matrix.front();
}

FlopsPerSecond UnitRate(const Accelerator& accelerator, FlopsPerSecond rate) {
  return accelerator.compute_units > 0 ? rate / accelerator.compute_units : rate;
}

// Products wait for the longer of arithmetic and memory, and for a part of the shorter.
Seconds Overlapped(const KernelClass& kernels, Seconds arithmetic, Seconds memory) {
  return Max(arithmetic, memory) + Min(arithmetic, memory) * kernels.overlap_loss;
}

double LibraryRatio(const Device& device) {
  if (device.library_year == 0) return 1.0;
  for (const LibraryGeneration& library : device.kernels->libraries) {
    if (device.library_year <= library.until_year) return library.matrix;
  }
  return 1.0;
}

BytesPerSecond MemoryRate(const Device& device) {
  return device.accelerator->memory_bandwidth * device.kernels->memory_efficiency;
}

const FlashAttention& GenerationOf(const KernelClass& kernels, AttentionKernel generation) {
  const FlashAttention* found = &kernels.attention.front();
  for (const FlashAttention& flash : kernels.attention) {
    if (flash.generation <= generation) found = &flash;
  }
  return *found;
}

// Keys that a tile of queries meets: all, or on average over the tiles those that are not masked.
struct Keys {
  double mean, most;
};

Keys KeysOf(const FlashAttention& flash, const AttentionShape& shape) {
  const double most = std::ceil(shape.kv_tokens / flash.kv_tile) * flash.kv_tile;
  if (!shape.causal) return {most, most};
  const double blocks = std::ceil(shape.query_tokens / flash.query_tile);
  const double before = std::max(0.0, shape.kv_tokens - shape.query_tokens);
  return {std::min(most, before + (blocks + 1) / 2 * flash.query_tile), most};
}

// Arithmetic of the attention core with its inner loop at `ratio` of peak: whole tiles in whole
// rounds, and never shorter than the tile that meets all keys.
Seconds CoreTime(const Device& device, DataType dtype, const AttentionShape& shape,
                 const FlashAttention& flash, double ratio) {
  const Accelerator& accelerator = *device.accelerator;
  const double blocks = std::ceil(shape.query_tokens / flash.query_tile);
  const Keys keys = KeysOf(flash, shape);
  const Flops per_key(2 * flash.query_tile * (shape.head_dim + shape.value_dim));
  const FlopsPerSecond rate = UnitRate(accelerator, Peak(device, dtype) * ratio);
  const double rounds = Rounds(accelerator.compute_units, shape.batch * shape.heads * blocks);
  const double key_rounds =
      std::max(rounds * (keys.mean + flash.ramp_tokens), keys.most + flash.ramp_tokens);
  return per_key * key_rounds / rate;
}

// Elements of q and o, and of k and v.
struct AttentionElements {
  double query_side, kv_side;
};

AttentionElements ElementsOf(const AttentionShape& shape) {
  const double width = shape.head_dim + shape.value_dim;
  return {shape.batch * shape.heads * shape.query_tokens * width,
          shape.batch * shape.kv_heads * shape.kv_tokens * width};
}

}  // namespace

Seconds GemmTime(const Device& device, NumberFormat wanted, const GemmShape& shape,
                 Accumulation accumulation) {
  const DataType dtype = wanted.dtype;
  const KernelClass& kernels = *device.kernels;
  const MatrixFormat& format = FormatOf(kernels, wanted);
  const double adding = accumulation == Accumulation::kFull ? format.full_accumulation : 1.0;
  const FlopsPerSecond peak = Peak(device, dtype) * (LibraryRatio(device) * adding);
  const BytesPerSecond memory = MemoryRate(device);
  const TileRates rates{kernels.tiles,
                        static_cast<double>(device.accelerator->compute_units),
                        UnitRate(*device.accelerator, peak * format.unit),
                        memory,
                        format.ramp_depth,
                        kernels.max_split,
                        kernels.min_split_depth,
                        kernels.split_latency};
  const Flops work(2 * shape.m * shape.n * shape.k * shape.batch);
  const Seconds arithmetic = Max(BestTiledTime(rates, shape), work / (peak * format.sustained));
  // Results are stored in 16 bits at least.
  const double in = ElementBytes(dtype), out = std::max(2.0, in);
  const Bytes traffic(shape.batch *
                      (in * (shape.m * shape.k + shape.k * shape.n) + out * shape.m * shape.n));
  return kernels.start_up + Overlapped(kernels, arithmetic, traffic / memory);
}

Seconds FlashAttentionForward(const Device& device, DataType dtype, const AttentionShape& shape) {
  FLEETSIM_CHECK(IsFlash(shape.generation));
  const FlashAttention& flash = GenerationOf(*device.kernels, shape.generation);
  const double head_dim = (shape.head_dim + shape.value_dim) / 2;
  const double ratio = AtHeadSize(flash.points, head_dim, &FlashAttention::Point::forward);
  const AttentionElements elements = ElementsOf(shape);
  // q, k, v are read and o is written.
  const Bytes traffic(ElementBytes(dtype) * (elements.query_side + elements.kv_side));
  return flash.start_up +
         Max(CoreTime(device, dtype, shape, flash, ratio), traffic / MemoryRate(device));
}

Seconds FlashAttentionBackward(const Device& device, DataType dtype, const AttentionShape& shape) {
  FLEETSIM_CHECK(IsFlash(shape.generation));
  const FlashAttention& flash = GenerationOf(*device.kernels, shape.generation);
  const double head_dim = (shape.head_dim + shape.value_dim) / 2;
  const double ratio = AtHeadSize(flash.points, head_dim, &FlashAttention::Point::backward);
  const AttentionElements elements = ElementsOf(shape);
  // q, o, their gradients, k, v and theirs.
  const Bytes traffic(2 * ElementBytes(dtype) * (elements.query_side + elements.kv_side));
  return flash.start_up * kBackwardStartUps +
         Max(CoreTime(device, dtype, shape, flash, ratio) * kBackwardProducts,
             traffic / MemoryRate(device));
}

Seconds StreamTime(const Device& device, Bytes traffic) {
  const KernelClass& kernels = *device.kernels;
  return kernels.stream_start_up +
         traffic / (device.accelerator->memory_bandwidth * kernels.stream_efficiency);
}

Seconds QuantiseTime(const Device& device, Bytes cast, Bytes scale) {
  const KernelClass& kernels = *device.kernels;
  Seconds time;
  if (cast != Bytes(0.0)) {
    time += kernels.stream_start_up +
            cast / (device.accelerator->memory_bandwidth * kernels.quantise_efficiency);
  }
  if (scale > Bytes(0.0)) time += StreamTime(device, scale);
  return time;
}

}  // namespace fleetsim
