#include "sim/training/quantisation.h"

#include "sim/training/products.h"

namespace fleetsim {
namespace {

constexpr double kWideBytes = 2.0;

// The gradients' products read their operands along the other dimension. Scales of rows or groups
// lie along the inner one, so they need a copy of their own; with one scale a tensor only matrix
// units that read narrow operands in one order do (Hopper and Ada: NVIDIA Transformer Engine,
// non-TN products from Blackwell on).
bool KeepsTwoCopies(NumberFormat format, const Accelerator& accelerator) {
  const bool per_tensor =
      format.scaling == Scaling::kTensor || format.scaling == Scaling::kTensorDelayed;
  return !per_tensor || !accelerator.ScalesGroups();
}

// Reads and writes of one element: what finds the scales of a whole tensor, and what casts.
struct ElementTraffic {
  double scale = 0, cast = 0;
};

ElementTraffic TrafficOf(NumberFormat format, const Accelerator& accelerator) {
  const double copies = KeepsTwoCopies(format, accelerator) ? 2.0 : 1.0;
  ElementTraffic traffic;
  traffic.cast = kWideBytes + copies * StoredBytes(format);
  // Rows and columns have scales of their own and are read one after the other.
  if (format.scaling == Scaling::kRow) traffic.cast += kWideBytes;
  const bool reads_first = format.scaling == Scaling::kTensor || format.scaling == Scaling::kNv;
  if (reads_first) traffic.scale = kWideBytes;
  return traffic;
}

// Inputs of column-parallel products come from a norm, whose kernel can write the narrow format
// itself where the scale is known before: the second copy is then made from the first.
ElementTraffic InputTraffic(const TrainingSpec& spec, const Accelerator& accelerator,
                            const GemmOp& gemm) {
  const NumberFormat format = FormatOf(spec, gemm);
  const bool fused = spec.stack->narrow.fuses_norm_cast && gemm.split == Split::kColumn &&
                     format.scaling == Scaling::kTensorDelayed;
  if (!fused) return TrafficOf(format, accelerator);
  const double stored = StoredBytes(format);
  const double second = KeepsTwoCopies(format, accelerator) ? 2.0 * stored : 0.0;
  return {0.0, second - (kWideBytes - stored)};
}

Seconds TimeOf(const WorkerHardware& hardware, const ElementTraffic& traffic, double elements) {
  return QuantiseTime(hardware.device, Bytes(elements * traffic.cast),
                      Bytes(elements * traffic.scale));
}

double InputElements(const GemmShape& shape) { return shape.batch * shape.m * shape.k; }
double OutputElements(const GemmShape& shape) { return shape.batch * shape.m * shape.n; }
double WeightElements(const GemmShape& shape) { return shape.batch * shape.k * shape.n; }

// Weights change once a step; stacks that do not keep the narrow copy make it in every pass.
// Narrow parameters arrive cast and only need the second copy.
Seconds WeightTime(const TrainingSpec& spec, const WorkerHardware& hardware, const GemmOp& gemm,
                   bool backward) {
  const NumberFormat format = FormatOf(spec, gemm);
  const Accelerator& accelerator = *hardware.device.accelerator;
  ElementTraffic traffic = TrafficOf(format, accelerator);
  if (spec.recipe.narrow_parameters.value_or(false)) {
    traffic = {0.0, KeepsTwoCopies(format, accelerator) ? 2.0 * StoredBytes(format) : 0.0};
  }
  if (spec.trainable.HasAdapters() && spec.trainable.ReadsStored(spec.precision)) {
    // Frozen for good: never cast; a second copy that memory does not hold is made when needed.
    const bool transposes =
        backward && format.dtype == DataType::kFp8 && KeepsTwoCopies(format, accelerator);
    traffic = {0.0, transposes ? 2.0 * StoredBytes(format) : 0.0};
    return TimeOf(hardware, traffic, WeightElements(gemm.shape));
  }
  const Seconds once = TimeOf(hardware, traffic, WeightElements(gemm.shape));
  if (spec.stack->narrow.casts_weights_every_pass) return once;
  return backward ? Seconds(0.0) : once / static_cast<double>(spec.strategy.micro_batches);
}

}  // namespace

Seconds QuantiseForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                        const GemmOp& gemm) {
  if (!IsNarrow(FormatOf(spec, gemm).dtype)) return Seconds(0.0);
  const ElementTraffic input = InputTraffic(spec, *hardware.device.accelerator, gemm);
  return TimeOf(hardware, input, InputElements(gemm.shape)) +
         WeightTime(spec, hardware, gemm, false);
}

Seconds QuantiseBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                         const GemmOp& gemm) {
  const NumberFormat format = FormatOf(spec, gemm);
  if (!IsNarrow(format.dtype)) return Seconds(0.0);
  const ElementTraffic traffic = TrafficOf(format, *hardware.device.accelerator);
  return TimeOf(hardware, traffic, OutputElements(gemm.shape)) +
         WeightTime(spec, hardware, gemm, true);
}

}  // namespace fleetsim
