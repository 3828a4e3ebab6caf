#include "sim/hardware/accelerator.h"

#include <algorithm>
#include <cmath>

namespace fleetsim {

FlopsPerSecond NominalSpeed(const Accelerator& accelerator) {
  const FlopsPerSecond bf16 = accelerator.Peak(DataType::kBf16);
  return bf16.value() > 0.0 ? bf16 : accelerator.Peak(DataType::kFp16);
}

namespace {

Watts IdleOf(const Accelerator& accelerator) {
  return accelerator.idle > Watts(0) ? accelerator.idle : kAssumedIdleRatio * accelerator.tdp;
}

}  // namespace

double CappedClock(const Accelerator& accelerator, Watts cap) {
  const Watts idle = IdleOf(accelerator);
  return std::clamp(std::cbrt((cap - idle) / (accelerator.tdp - idle)), 0.0, 1.0);
}

Watts PowerCap(const Accelerator& accelerator, double clock) {
  const Watts idle = IdleOf(accelerator);
  return idle + clock * clock * clock * (accelerator.tdp - idle);
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
