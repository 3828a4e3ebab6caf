#include "sim/training/products.h"

namespace fleetsim {

NumberFormat FormatOf(const TrainingSpec& spec, const GemmOp& gemm) {
  return gemm.wide ? spec.WidePrecision() : spec.LinearFormat();
}

ProductTime ForwardProducts(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms, size_t count) {
  ProductTime time;
  for (size_t i = 0; i < count; ++i) {
    time.matrix += GemmTime(hardware.device, FormatOf(spec, gemms[i]), gemms[i].shape);
  }
  return time;
}

ProductTime InputGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const std::vector<GemmOp>& gemms) {
  ProductTime time;
  for (const GemmOp& gemm : gemms) {
    time.matrix += GemmTime(hardware.device, FormatOf(spec, gemm), InputGradient(gemm.shape));
  }
  return time;
}

ProductTime WeightGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms) {
  ProductTime time;
  for (const GemmOp& gemm : gemms) {
    time.matrix += GemmTime(hardware.device, FormatOf(spec, gemm), WeightGradient(gemm.shape));
  }
  return time;
}

}  // namespace fleetsim
