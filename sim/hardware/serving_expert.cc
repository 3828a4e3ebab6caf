#include <algorithm>
#include <cmath>

#include "sim/base/check.h"
#include "sim/hardware/serving_kernel.h"
#include "sim/hardware/serving_rates.h"

namespace fleetsim {
namespace {

constexpr double kWideBytes = 2;

// Rows that the kernel multiplies: each expert's tokens are rounded up to whole tiles.
double PaddedRows(const ExpertShape& shape, double tile) {
  if (shape.groups.empty()) {
    return std::ceil(shape.copies / shape.touched / tile) * tile * shape.touched;
  }
  double tiles = 0;
  for (const double tokens : shape.groups) tiles += std::ceil(tokens / tile);
  return tiles * tile / shape.layers;
}

KernelCost CostOf(const ExpertLayerKernel& kernel, const Device& device,
                  const ProductFormat& format, const ExpertShape& shape) {
  const double projections = shape.gated ? 3 : 2;
  const double weights = projections * shape.hidden * shape.inter;  // of one expert
  const double rows = PaddedRows(shape, kernel.row_tile);
  const BytesPerSecond memory = device.accelerator->memory_bandwidth * kernel.memory;
  KernelCost cost;
  cost.arithmetic = Flops(2 * rows * weights) /
                    (ServingPeak(device, format.activations.dtype) * kernel.arithmetic);
  cost.reading = Bytes(shape.touched * weights * StoredBytes(format.weights)) / memory;
  // A copy is sorted in, and its result put back; between the products, what both projections give.
  const double copy = kWideBytes * (4 * shape.hidden + (projections + 1) * shape.inter);
  const Bytes traffic(kernel.copy_passes * shape.copies * copy);
  const double routed = std::max(shape.copies, shape.routed);
  cost.time = kernel.start_up + kernel.touched_latency * shape.touched +
              kernel.held_latency * shape.experts + kernel.routed_latency * routed +
              Max(cost.arithmetic, cost.reading) +
              Min(cost.arithmetic, cost.reading) * kernel.overlap_loss +
              traffic / device.accelerator->memory_bandwidth;
  return cost;
}

}  // namespace

KernelCost ExpertLayer(const Device& device, const ProductFormat& format,
                       const ExpertShape& shape) {
  if (shape.copies <= 0) return {};
  FLEETSIM_CHECK(shape.touched > 0);
  const std::vector<ExpertLayerKernel>& kernels = device.kernels->serving.experts;
  const ExpertLayerKernel& first = EntryOf(kernels, format, device.serving);
  KernelCost cost = CostOf(first, device, format, shape);
  for (const ExpertLayerKernel& other : kernels) {
    const bool same_format = other.weights_only == first.weights_only &&
                             other.weights.dtype == first.weights.dtype &&
                             other.weights.scaling == first.weights.scaling;
    // An entry of the library's own says what it runs; else engines choose among the common ones.
    const bool taken = other.library == first.library;
    if (&other == &first || !same_format || !taken) continue;
    const KernelCost here = CostOf(other, device, format, shape);
    if (here.time < cost.time) cost = here;
  }
  return cost;
}

double DistinctExperts(double experts, double copies) {
  return experts * -std::expm1(copies * std::log1p(-1 / std::max(experts, 1.0 + 1e-9)));
}

// Largest of `ranks` independent Poisson counts: the sum over x of 1 - F(x)^ranks. Counts further
// than ten deviations below the mean do not occur.
double BusiestRankCopies(double mean, int ranks) {
  if (ranks == 1 || mean <= 0) return mean;
  const double reach = 10 * std::sqrt(mean) + 10;
  double count = std::floor(std::max(0.0, mean - reach));
  double chance = std::exp(count * std::log(mean) - mean - std::lgamma(count + 1));
  double below = chance, largest = count;
  for (const double last = mean + reach; count < last;) {
    largest += 1 - std::pow(std::min(1.0, below), ranks);
    chance *= mean / ++count;
    below += chance;
  }
  return std::min(largest, mean * ranks);
}

}  // namespace fleetsim
