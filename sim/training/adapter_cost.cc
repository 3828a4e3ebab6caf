#include "sim/training/adapter_cost.h"

#include <vector>

#include "sim/model/trainable.h"
#include "sim/training/attention_cost.h"
#include "sim/training/products.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

// Adapters and what they exchange are in 16 bits.
constexpr double kElementBytes = 2.0;
// Two products, scaling, adding to the base's output; backward two input and two weight gradients,
// scaling and adding to the base's input gradient.
constexpr double kKernels = 4;
// Traffic of scaling and of adding, an element of what is scaled or added to.
constexpr double kScaleBytes = 4;
constexpr double kAddBytes = 6;

std::vector<Adapter> Adapters(const TrainingSpec& spec, int layer) {
  if (!spec.trainable.HasAdapters() || !spec.trainable.Reaches(layer)) return {};
  return AdaptersOf(spec.trainable, ForwardOperators(*spec.model, layer, spec.Shard()), *spec.model,
                    spec.strategy.tensor);
}

std::vector<GemmOp> Products(const std::vector<Adapter>& adapters) {
  std::vector<GemmOp> gemms;
  for (const Adapter& adapter : adapters) {
    gemms.push_back(adapter.in);
    gemms.push_back(adapter.out);
  }
  return gemms;
}

// Elements of what the adapters read or, with `outputs`, add to.
double Elements(const std::vector<Adapter>& adapters, bool outputs) {
  double sum = 0.0;
  for (const Adapter& adapter : adapters) {
    const GemmShape& shape = outputs ? adapter.out.shape : adapter.in.shape;
    sum += shape.m * shape.batch * (outputs ? shape.n : shape.k);
  }
  return sum;
}

// Between the two products of each adapter the ranks' parts of the narrow activation are gathered
// or summed; a row-parallel base's adapter leaves slices of its output, which are exchanged for the
// rank's tokens under sequence parallelism, gathered otherwise (NeMo, ParallelLinearAdapter).
Communication AdapterExchange(const TrainingSpec& spec, const WorkerHardware& hardware,
                              const std::vector<Adapter>& adapters) {
  const int ranks = spec.strategy.tensor;
  Communication time;
  const auto collective = [&](CollectiveKind kind, double elements) {
    return TimeOf(spec, hardware, {RankGroup::kTensor, kind, Bytes(elements * kElementBytes)});
  };
  for (const Adapter& adapter : adapters) {
    const GemmShape& out = adapter.out.shape;
    const bool row = adapter.in.split == Split::kRow;
    time += collective(row ? CollectiveKind::kAllReduce : CollectiveKind::kAllGather,
                       out.m * out.k * out.batch);
    if (!row) continue;
    const double slice = out.m * out.n * out.batch;
    time += spec.strategy.sequence_parallel ? collective(CollectiveKind::kAllToAll, slice)
                                            : collective(CollectiveKind::kAllGather, slice * ranks);
  }
  return time;
}

// Frozen matrices in fewer bits than the products take are unpacked before every product: stored
// bytes are read, 16-bit ones written.
Seconds Unpacking(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  const FrozenStorage storage = spec.trainable.storage;
  if (storage == FrozenStorage::kSixteenBit || spec.trainable.ReadsStored(spec.precision)) {
    return Seconds(0.0);
  }
  Seconds time;
  for (const GemmOp& gemm : ForwardOperators(*spec.model, layer, spec.Shard()).gemms) {
    const double elements = gemm.shape.k * gemm.shape.n * gemm.shape.batch;
    time += Stream(hardware, elements * (StoredBytes(storage) + kElementBytes), 1);
  }
  return time;
}

void AddProducts(Work& work, Part part, const ProductTime& time) {
  Add(work, part, Activity::kMatrix, time.matrix);
  Add(work, part, Activity::kMemory, time.memory);
}

}  // namespace

Work FrozenForward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer, Part part) {
  Work work;
  if (!spec.trainable.TrainsBase(layer)) {
    Add(work, part, Activity::kMemory, Unpacking(spec, hardware, layer));
  }
  const std::vector<Adapter> adapters = Adapters(spec, layer);
  if (adapters.empty()) return work;
  const std::vector<GemmOp> gemms = Products(adapters);
  AddProducts(work, part, ForwardProducts(spec, hardware, gemms, gemms.size()));
  Add(work, part, Activity::kMemory,
      Stream(hardware, Elements(adapters, true) * (kScaleBytes + kAddBytes),
             2.0 * static_cast<double>(adapters.size())));
  AddExposed(work, AdapterExchange(spec, hardware, adapters));
  return work;
}

Work FrozenBackward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  Work work;
  if (!spec.trainable.TrainsBase(layer)) {
    Add(work, Part::kBackward, Activity::kMemory, Unpacking(spec, hardware, layer));
  }
  const std::vector<Adapter> adapters = Adapters(spec, layer);
  if (adapters.empty()) return work;
  const std::vector<GemmOp> gemms = Products(adapters);
  AddProducts(work, Part::kBackward, InputGradients(spec, hardware, gemms));
  AddProducts(work, Part::kBackward, WeightGradients(spec, hardware, gemms));
  Add(work, Part::kBackward, Activity::kMemory,
      Stream(hardware,
             Elements(adapters, true) * kScaleBytes + Elements(adapters, false) * kAddBytes,
             2.0 * static_cast<double>(adapters.size())));
  AddExposed(work, AdapterExchange(spec, hardware, adapters));
  return work;
}

double AdapterLaunches(const TrainingSpec& spec, int layer) {
  return kKernels * static_cast<double>(Adapters(spec, layer).size());
}

int KeptColumnInputs(const TrainingSpec& spec, int layer) {
  const InputsKept kept = InputsForGradients(spec.trainable, *spec.model, layer);
  return (kept.attention ? 1 : 0) + (kept.feed_forward ? 1 : 0);
}

}  // namespace fleetsim
