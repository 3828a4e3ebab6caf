// What the serving kernels share: peaks, bandwidths and the entries of a class for a format.
#ifndef SIM_HARDWARE_SERVING_RATES_H_
#define SIM_HARDWARE_SERVING_RATES_H_

#include <cmath>

#include "sim/hardware/serving_kernel.h"

namespace fleetsim {

// Peak of the format on the device as installed; of 16 bits: BF16, else FP16, else FP32.
FlopsPerSecond ServingPeak(const Device& device, DataType dtype);

// An entry is for one library's engines, or for all that have none.
inline bool ServesLibrary(KernelLibrary entry, KernelLibrary engine) {
  return entry == KernelLibrary::kAny || entry == engine;
}

// The entry of the same elements and scaling, else of the same elements, else for weights that are
// widened on the way the one of the nearest width, else the first; of two alike the library's own.
template <class Kernels>
const typename Kernels::value_type& EntryOf(const Kernels& kernels, const ProductFormat& format,
                                            KernelLibrary library) {
  const NumberFormat& wanted = format.weights;
  const auto distance = [&](const auto& kernel) {
    if (!ServesLibrary(kernel.library, library)) return 1000.0;
    if (kernel.weights_only != format.WeightsOnly()) return 100.0;
    const double other = kernel.library == library ? 0.0 : 0.1;
    const bool same = kernel.weights.dtype == wanted.dtype ||
                      (!IsNarrow(kernel.weights.dtype) && !IsNarrow(wanted.dtype));
    if (same) return other + (kernel.weights.scaling == wanted.scaling ? 0.0 : 1.0);
    if (!kernel.weights_only) return 100.0;
    return other + 10.0 + std::abs(ElementBytes(kernel.weights.dtype) - ElementBytes(wanted.dtype));
  };
  const typename Kernels::value_type* found = &kernels.front();
  double nearest = distance(*found);
  for (const auto& kernel : kernels) {
    const double here = distance(kernel);
    if (here < nearest) {
      nearest = here;
      found = &kernel;
    }
  }
  return *found;
}

}  // namespace fleetsim

#endif  // SIM_HARDWARE_SERVING_RATES_H_
