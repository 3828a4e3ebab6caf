#include "sim/training/products.h"

namespace fleetsim {

ProductTime ForwardProducts(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms, size_t count) {
  ProductTime time;
  for (size_t i = 0; i < count; ++i) {
    time.matrix += GemmTime(hardware.device, spec.precision, gemms[i].shape);
  }
  return time;
}

ProductTime InputGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const std::vector<GemmOp>& gemms) {
  ProductTime time;
  for (const GemmOp& gemm : gemms) {
    time.matrix += GemmTime(hardware.device, spec.precision, InputGradient(gemm.shape));
  }
  return time;
}

ProductTime WeightGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms) {
  ProductTime time;
  for (const GemmOp& gemm : gemms) {
    time.matrix += GemmTime(hardware.device, spec.precision, WeightGradient(gemm.shape));
  }
  return time;
}

}  // namespace fleetsim
