#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/base/check.h"
#include "sim/hardware/head_sizes.h"
#include "sim/hardware/serving_kernel.h"
#include "sim/hardware/serving_rates.h"
#include "sim/hardware/tiled_product.h"

namespace fleetsim {
namespace {

// Rows of the smallest matrix instruction: fewer queries take as long.
constexpr double kLeastRows = 16;
constexpr double kPartialBytes = 8;  // partial results in 32 bits, written and read

// Cached elements that one compute unit multiplies a second where each query head goes through the
// cache for itself (TensorRT-LLM's masked multi-head attention): steps of Mistral 7B on H200 and of
// Falcon 180B on A100 and H200 with it, less what the others of their kind take: 28, 19 and 22e9.
constexpr double kElementsOfUnit = 23e9;

// Sparse attention over prompts (FlashMLA, README.md and flash_mla/flash_mla_interface.py): 640
// TFLOP/s on H800 and 1,450 on B200, of 989 and 2,250; heads fill 64 rows, on matrix units that
// have FP4 128 (SGLang, nsa_backend.py, required_padding).
constexpr double kSparseShareOfPeak = 0.65;
constexpr double kSparseHeads = 64;

// How well an entry suits: a cache of the width, then the engine's own library.
template <class Kernel>
int Suitability(const Kernel& kernel, DataType cache, KernelLibrary library) {
  return (IsNarrow(kernel.cache) == IsNarrow(cache) ? 4 : 0) + (kernel.library == library ? 2 : 0);
}

const DecodeKernel& DecodeEntry(const Device& device, DataType cache, bool latent, bool grouped) {
  const std::vector<DecodeKernel>& kernels = device.kernels->serving.decode;
  FLEETSIM_CHECK(!kernels.empty());
  const DecodeKernel* found = &kernels.front();
  int best = -1;
  for (const DecodeKernel& kernel : kernels) {
    if (kernel.latent != latent || !ServesLibrary(kernel.library, device.serving)) continue;
    if (kernel.grouped && !grouped) continue;
    const int suits = Suitability(kernel, cache, device.serving) + (kernel.grouped ? 1 : 0);
    if (suits <= best) continue;
    best = suits;
    found = &kernel;
  }
  return *found;
}

// A cache read in `pieces`, one for each sequence and key head, of `keys` each.
struct CacheReading {
  double pieces = 0, keys = 0;
  double key_bytes = 0;  // of one piece
  double key_flops = 0;  // of one piece
  double queries = 0;    // query heads of all sequences
  double head_dim = 0;   // mean of keys and values
  double result_elements = 0;
};

// Parts of a piece. With several to a unit: TensorRT-LLM's computeMultiBlockCount, whose bound on
// long caches keeps the sum of the parts short.
double SplitsOf(const DecodeKernel& kernel, const CacheReading& work, double units) {
  const double tiles = work.keys / kernel.key_tile;
  const double each = kernel.parts_per_unit;
  double most = std::clamp(std::ceil(tiles), 1.0, kernel.max_split);
  if (each > 1) most = std::clamp(std::floor(tiles), 1.0, kernel.max_split);
  if (each > 1) most = std::min(most, std::round(std::sqrt(each * most)));
  return std::clamp(std::floor(each * units / work.pieces), 1.0, most);
}

// Long pieces are split until they fill the units; every unit has a start of its own to fill.
KernelCost ReadCache(const Device& device, const DecodeKernel& kernel, const CacheReading& work) {
  const double units = std::max(1, device.accelerator->compute_units);
  const BytesPerSecond memory =
      device.accelerator->memory_bandwidth *
      (kernel.points.empty() ? kernel.memory
                             : AtHeadSize(kernel.points, work.head_dim, &HeadPoint::ratio));
  const double splits = SplitsOf(kernel, work, units);
  const double part = std::ceil(work.keys / splits / kernel.key_tile) * kernel.key_tile;
  const double even = work.pieces * splits / units;
  const double rounds = kernel.parts_per_unit > 1 ? std::max(1.0, even) : std::ceil(even);
  const Bytes unit_bytes(rounds * (part + kernel.ramp_tokens) * work.key_bytes);
  KernelCost cost;
  cost.reading = Max(unit_bytes / (memory * kernel.unit_share / units),
                     Bytes(work.pieces * work.keys * work.key_bytes) / memory);
  const FlopsPerSecond rate = ServingPeak(device, DataType::kBf16) * kernel.arithmetic;
  cost.arithmetic = Flops(work.pieces * work.keys * work.key_flops) / rate;
  cost.time = kernel.start_up + Max(cost.arithmetic, cost.reading) +
              kernel.query_latency * (work.queries / units);
  if (splits > 1) {
    cost.time +=
        kernel.split_latency + Bytes(kPartialBytes * splits * work.result_elements) / memory;
  }
  return cost;
}

const PrefillKernel& PrefillEntry(const Device& device, const PrefillShape& shape) {
  const std::vector<PrefillKernel>& kernels = device.kernels->serving.prefill;
  FLEETSIM_CHECK(!kernels.empty());
  const PrefillKernel* found = &kernels.front();
  int best = -1;
  for (const PrefillKernel& kernel : kernels) {
    if (kernel.latent != shape.latent || !ServesLibrary(kernel.library, device.serving)) continue;
    const bool narrow = IsNarrow(kernel.arithmetic);
    if (narrow && !IsNarrow(shape.arithmetic)) continue;
    const int suits = Suitability(kernel, shape.cache, device.serving) + (narrow ? 8 : 0);
    if (suits <= best) continue;
    best = suits;
    found = &kernel;
  }
  return *found;
}

// Keys that a tile of queries meets: the mean over tiles, and the most.
struct KeyCounts {
  double mean, most;
};

KeyCounts KeysOf(const PrefillKernel& kernel, const PrefillShape& shape, double blocks,
                 double block_queries) {
  const double all = shape.past_tokens + shape.query_tokens;
  double most = std::ceil(all / kernel.key_tile) * kernel.key_tile;
  double mean = std::min(most, shape.past_tokens + (blocks + 1) / 2 * block_queries);
  if (shape.window > 0) {
    const double seen = shape.window + block_queries;
    most = std::min(most, seen);
    mean = std::min(mean, seen);
  }
  return {mean, most};
}

}  // namespace

KernelCost DecodeAttention(const Device& device, const DecodeShape& shape) {
  const double width = shape.head_dim + shape.value_dim;
  const double rows = std::max(kLeastRows, shape.heads / shape.kv_heads * shape.query_tokens);
  CacheReading work;
  work.pieces = shape.batch * shape.kv_heads;
  work.keys = shape.window > 0 ? std::min(shape.kv_tokens, shape.window) : shape.kv_tokens;
  work.key_bytes = width * ElementBytes(shape.cache);
  work.key_flops = 2 * rows * width;
  work.queries = shape.batch * shape.heads * shape.query_tokens;
  work.head_dim = width / 2;
  work.result_elements = work.queries * shape.value_dim;
  const DecodeKernel& kernel =
      DecodeEntry(device, shape.cache, false, shape.heads > shape.kv_heads);
  KernelCost cost = ReadCache(device, kernel, work);
  if (!shape.head_by_head) return cost;
  const double elements = work.queries * work.keys * width;
  const Seconds units(elements /
                      (std::max(1, device.accelerator->compute_units) * kElementsOfUnit));
  cost.arithmetic = Max(cost.arithmetic, units);
  cost.time = Max(cost.time, kernel.start_up + units);
  return cost;
}

KernelCost LatentDecode(const Device& device, const LatentDecodeShape& shape) {
  CacheReading work;
  work.pieces = shape.batch;
  work.keys = shape.selected > 0 ? std::min(shape.kv_tokens, shape.selected) : shape.kv_tokens;
  work.key_bytes = (shape.latent + shape.rope) * ElementBytes(shape.cache);
  const double rows = std::max(kLeastRows, shape.heads * shape.query_tokens);
  work.key_flops = 2 * rows * (2 * shape.latent + shape.rope);
  work.queries = shape.batch * shape.heads * shape.query_tokens;
  work.result_elements = work.queries * shape.latent;
  return ReadCache(device, DecodeEntry(device, shape.cache, true, false), work);
}

KernelCost SparsePrefill(const Device& device, const SparsePrefillShape& shape) {
  const bool wide_units = device.accelerator->ScalesGroups();
  const double rows = wide_units ? 2 * kSparseHeads : kSparseHeads;
  const double heads = std::ceil(shape.heads / rows) * rows;
  const double width = 2 * shape.latent + shape.rope;
  const FlopsPerSecond rate = ServingPeak(device, DataType::kBf16) * kSparseShareOfPeak;
  KernelCost cost;
  cost.arithmetic = Flops(2 * shape.queries * heads * width * shape.keys) / rate;
  // Queries and results in 16 bits; neighbours choose much the same entries, which stay in cache.
  cost.reading = StreamTime(device, Bytes(2 * shape.queries * heads * width));
  cost.time = device.kernels->stream_start_up + Max(cost.arithmetic, cost.reading);
  return cost;
}

KernelCost PrefillAttention(const Device& device, const PrefillShape& shape) {
  const PrefillKernel& kernel = PrefillEntry(device, shape);
  const double units = std::max(1, device.accelerator->compute_units);
  const double width = shape.head_dim + shape.value_dim;
  const double group = kernel.packs_groups ? shape.heads / shape.kv_heads : 1.0;
  const double blocks = std::ceil(shape.query_tokens * group / kernel.query_tile);
  const KeyCounts keys = KeysOf(kernel, shape, blocks, kernel.query_tile / group);
  const double pieces = shape.batch * shape.heads / group * blocks;
  const double rounds = std::max(1.0, pieces / units + kernel.tail_rounds);
  const double key_rounds =
      std::max(rounds * (keys.mean + kernel.ramp_tokens), keys.most + kernel.ramp_tokens);
  const FlopsPerSecond rate = ServingPeak(device, kernel.arithmetic) *
                              (AtHeadSize(kernel.points, width / 2, &HeadPoint::ratio) / units);
  const double cached = std::min(shape.past_tokens + shape.query_tokens, keys.most);
  const Bytes traffic(
      shape.batch * width *
      (2 * shape.heads * shape.query_tokens + ElementBytes(shape.cache) * shape.kv_heads * cached));
  KernelCost cost;
  cost.arithmetic = Flops(2 * kernel.query_tile * width * key_rounds) / rate;
  cost.reading = traffic / (device.accelerator->memory_bandwidth * kernel.memory);
  cost.time = kernel.start_up + Max(cost.arithmetic, cost.reading) +
              Min(cost.arithmetic, cost.reading) * kernel.overlap_loss;
  return cost;
}

}  // namespace fleetsim
