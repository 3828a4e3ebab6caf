#include "sim/training/products.h"

#include "sim/training/quantisation.h"

namespace fleetsim {

NumberFormat FormatOf(const TrainingSpec& spec, const GemmOp& gemm) {
  return gemm.wide ? spec.WidePrecision() : spec.LinearFormat();
}

ProductTime ForwardProducts(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms, size_t count) {
  ProductTime time;
  for (size_t i = 0; i < count; ++i) {
    time.matrix += GemmTime(hardware.device, FormatOf(spec, gemms[i]), gemms[i].shape);
    time.memory += QuantiseForward(spec, hardware, gemms[i]);
  }
  return time;
}

// Gradients are added up in 32 bits (defaults of Transformer Engine's recipes and of torchao).
ProductTime InputGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const std::vector<GemmOp>& gemms) {
  ProductTime time;
  for (const GemmOp& gemm : gemms) {
    time.matrix += GemmTime(hardware.device, FormatOf(spec, gemm), InputGradient(gemm.shape),
                            Accumulation::kFull);
    // The gradient of the output, for both products of the backward pass.
    time.memory += QuantiseBackward(spec, hardware, gemm);
  }
  return time;
}

ProductTime WeightGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms) {
  ProductTime time;
  for (const GemmOp& gemm : gemms) {
    time.matrix += GemmTime(hardware.device, FormatOf(spec, gemm), WeightGradient(gemm.shape),
                            Accumulation::kFull);
  }
  return time;
}

}  // namespace fleetsim
