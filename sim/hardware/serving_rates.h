// What the serving kernels share: peaks, bandwidths and the entries of a class for a format.
#ifndef SIM_HARDWARE_SERVING_RATES_H_
#define SIM_HARDWARE_SERVING_RATES_H_

#include "sim/hardware/serving_kernel.h"

namespace fleetsim {

// Peak of the format on the device as installed; of 16 bits: BF16, else FP16, else FP32.
FlopsPerSecond ServingPeak(const Device& device, DataType dtype);

// The entry of the same elements and scaling, else of the same elements, else the first.
template <class Kernels>
const typename Kernels::value_type& EntryOf(const Kernels& kernels, const ProductFormat& format) {
  const bool weights_only = format.WeightsOnly();
  const typename Kernels::value_type* found = nullptr;
  for (const auto& kernel : kernels) {
    const bool same = kernel.weights.dtype == format.weights.dtype ||
                      (!IsNarrow(kernel.weights.dtype) && !IsNarrow(format.weights.dtype));
    if (!same || kernel.weights_only != weights_only) continue;
    if (kernel.weights.scaling == format.weights.scaling) return kernel;
    if (found == nullptr) found = &kernel;
  }
  if (found != nullptr) return *found;
  // Weights that are widened on the way: those of the nearest width, before other arithmetic.
  for (const auto& kernel : kernels) {
    if (kernel.weights_only && weights_only) return kernel;
  }
  return kernels.front();
}

}  // namespace fleetsim

#endif  // SIM_HARDWARE_SERVING_RATES_H_
