#include "sim/hardware/accelerator.h"

#include <algorithm>

namespace fleetsim {

FlopsPerSecond NominalSpeed(const Accelerator& accelerator) {
  const FlopsPerSecond bf16 = accelerator.Peak(DataType::kBf16);
  return bf16.value() > 0.0 ? bf16 : accelerator.Peak(DataType::kFp16);
}

double TotalProcessingPerformance(const Accelerator& accelerator) {
  if (accelerator.stated_tpp) return *accelerator.stated_tpp;
  double largest = 0.0;
  for (int i = 0; i < kDataTypes; ++i) {
    const double tops = accelerator.peak[i].value() / 1e12;
    largest = std::max(largest, tops * OperandBits(static_cast<DataType>(i)));
  }
  return largest;
}

std::optional<double> PerformanceDensity(const Accelerator& accelerator) {
  const double tpp = TotalProcessingPerformance(accelerator);
  if (!accelerator.die_area_mm2 || tpp <= 0.0) return std::nullopt;
  return tpp / *accelerator.die_area_mm2;
}

}  // namespace fleetsim
