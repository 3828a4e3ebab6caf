#include "sim/training/stage_cost.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "sim/model/architecture.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/layer_cost.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

struct LayerPasses {
  Work forward, backward;
  double trained = 0, weight_bytes = 0;
};

LayerPasses PassesOf(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  return {LayerForward(spec, hardware, layer, Part::kForward), LayerBackward(spec, hardware, layer),
          LayerTrainableOnRank(*spec.model, spec.trainable, layer, spec.strategy.tensor),
          LayerWeightBytesOnRank(*spec.model, spec.trainable, layer, spec.strategy,
                                 spec.stack->weight_bytes)};
}

// The layer's products run in 16 bits although the job's precision is narrower.
bool IsWideLayer(const TrainingSpec& spec, int layer) {
  return IsNarrow(spec.precision) && (layer < spec.recipe.first_wide_layers ||
                                      layer >= spec.model->layers - spec.recipe.last_wide_layers);
}

TrainingSpec WithWideProducts(const TrainingSpec& spec) {
  TrainingSpec wide = spec;
  wide.precision = spec.WidePrecision();
  wide.recipe = PrecisionRecipe();
  return wide;
}

// Sizes of `pieces` runs of whole layers; a chunk without layers is one empty piece.
std::vector<int> PieceSizes(int layers, int pieces) {
  const int count = std::max(1, std::min(layers, pieces));
  std::vector<int> sizes(count, layers / count);
  for (int i = 0; i < layers % count; ++i) ++sizes[i];
  return sizes;
}

// `parameters` of the embedding or the head.
void AddParameters(const TrainingSpec& spec, double parameters, bool trains, size_t piece,
                   ChunkCost& cost) {
  if (trains) cost.trained[piece] += parameters;
  cost.weight_bytes[piece] +=
      parameters * (trains ? spec.stack->weight_bytes : StoredBytes(FrozenStorage::kSixteenBit));
}

}  // namespace

ChunkCost CostOfChunk(const TrainingSpec& spec, const WorkerHardware& hardware, int chunk,
                      int pieces) {
  const std::vector<int>& chunk_layers = spec.strategy.chunk_layers;
  int layer = std::accumulate(chunk_layers.begin(), chunk_layers.begin() + chunk, 0);
  ChunkCost cost;
  // Layers of one kind cost the same: dense ones and ones with experts, narrow ones and wide ones,
  // frozen ones and others.
  std::map<std::array<bool, 3>, LayerPasses> passes;
  const TrainingSpec wide = WithWideProducts(spec);
  for (int size : PieceSizes(chunk_layers[chunk], pieces)) {
    cost.forward.emplace_back();
    cost.backward.emplace_back();
    cost.trained.push_back(0.0);
    cost.weight_bytes.push_back(0.0);
    for (int end = layer + size; layer < end; ++layer) {
      const std::array<bool, 3> kind = {HasExperts(*spec.model, layer), IsWideLayer(spec, layer),
                                        spec.trainable.Reaches(layer)};
      if (!passes.count(kind)) passes[kind] = PassesOf(kind[1] ? wide : spec, hardware, layer);
      Append(cost.forward.back(), passes[kind].forward);
      Append(cost.backward.back(), passes[kind].backward);
      cost.trained.back() += passes[kind].trained;
      cost.weight_bytes.back() += passes[kind].weight_bytes;
    }
  }
  if (chunk == 0) {
    Append(cost.forward.front(), EmbeddingPass(spec, hardware, Part::kForward));
    const bool trains = spec.trainable.TrainsEmbedding();
    if (trains) Append(cost.backward.front(), EmbeddingPass(spec, hardware, Part::kBackward));
    AddParameters(spec, EmbeddingParametersOnRank(*spec.model, spec.strategy), trains, 0, cost);
  }
  if (chunk + 1 == static_cast<int>(chunk_layers.size())) {
    Append(cost.forward.back(), HeadForward(spec, hardware));
    Append(cost.backward.back(), HeadBackward(spec, hardware));
    AddParameters(spec, HeadParametersOnRank(*spec.model, spec.strategy),
                  spec.trainable.TrainsHead(), cost.trained.size() - 1, cost);
  }
  return cost;
}

Work OptimizerStep(const TrainingSpec& spec, const WorkerHardware& hardware, double parameters) {
  const SoftwareStack& stack = *spec.stack;
  const double updated =
      spec.strategy.zero_stage > 0 ? parameters / spec.strategy.optimizer_shards : parameters;
  const double bytes = updated * stack.optimizer_traffic / stack.optimizer_efficiency +
                       updated * stack.gradient_traffic;
  Work work;
  Add(work, Part::kOptimizer, Activity::kMemory, StreamTime(hardware.device, Bytes(bytes)));
  return work;
}

}  // namespace fleetsim
