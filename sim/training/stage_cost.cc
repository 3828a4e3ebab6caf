#include "sim/training/stage_cost.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "sim/model/architecture.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/layer_cost.h"
#include "sim/training/offload.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

// Of a schedule that splits the backward pass: `backward` without the head's weight gradient.
Work HeadInputGradient(const TrainingSpec& spec, const WorkerHardware& hardware) {
  Work work = HeadBackward(spec, hardware);
  Append(work, Scaled(HeadWeightGradient(spec, hardware), -1.0));
  return work;
}

// A further-token module looks tokens up and has a loss of its own (DeepSeek-V3, arXiv 2412.19437,
// section 2.2).
void AddPredictionEnds(const TrainingSpec& spec, const WorkerHardware& hardware,
                       LayerPasses& passes) {
  Append(passes.forward, EmbeddingPass(spec, hardware, Part::kForward));
  Append(passes.forward, HeadForward(spec, hardware));
  Append(passes.backward, HeadBackward(spec, hardware));
  Append(passes.backward, EmbeddingPass(spec, hardware, Part::kBackward));
}

LayerPasses PassesOf(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  LayerPasses passes{
      LayerForward(spec, hardware, layer, Part::kForward),
      LayerBackward(spec, hardware, layer),
      TrainedByLayer(*spec.model, spec.trainable, spec.strategy, layer),
      WeightBytesByLayer(*spec.model, spec.trainable, spec.strategy, layer,
                         spec.stack->weight_bytes),
      ForwardExchanges(spec, layer),
      spec.trainable.Reaches(layer) ? BackwardExchanges(spec, layer) : ExpertExchanges()};
  if (spec.strategy.SplitsBackward()) {
    passes.backward = LayerInputGradient(spec, hardware, layer);
    passes.weight_gradients = LayerWeightGradient(spec, hardware, layer);
  }
  AddOffload(spec, hardware, layer, passes.forward, passes.backward);
  if (layer >= spec.model->layers) AddPredictionEnds(spec, hardware, passes);
  return passes;
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
  if (trains) cost.trained[piece].shared += parameters;
  cost.weight_bytes[piece].shared +=
      parameters * (trains ? spec.stack->weight_bytes : StoredBytes(FrozenStorage::kSixteenBit));
}

}  // namespace

ChunkCost CostOfChunk(const TrainingSpec& spec, const WorkerHardware& hardware, int chunk,
                      int pieces, LayerCosts* known_layers) {
  const std::vector<int> layers = LayersOfChunk(*spec.model, spec.strategy, chunk);
  ChunkCost cost;
  LayerCosts own;
  LayerCosts& passes = known_layers == nullptr ? own : *known_layers;
  const TrainingSpec wide = WithWideProducts(spec);
  auto layer = layers.begin();
  for (int size : PieceSizes(static_cast<int>(layers.size()), pieces)) {
    cost.forward.emplace_back();
    cost.backward.emplace_back();
    cost.trained.emplace_back();
    cost.weight_bytes.emplace_back();
    if (spec.strategy.SplitsBackward()) cost.weight_gradients.emplace_back();
    cost.forward_exchanges.emplace_back();
    cost.backward_exchanges.emplace_back();
    for (const auto end = layer + size; layer != end; ++layer) {
      const bool is_wide = IsWideLayer(spec, *layer);
      const auto [known, is_new] = passes.try_emplace(
          std::tuple(KindOf(*spec.model, *layer), std::max(0, *layer - spec.model->layers + 1),
                     is_wide, spec.trainable.Reaches(*layer)));
      if (is_new) known->second = PassesOf(is_wide ? wide : spec, hardware, *layer);
      Append(cost.forward.back(), known->second.forward);
      Append(cost.backward.back(), known->second.backward);
      cost.trained.back() += known->second.trained;
      cost.weight_bytes.back() += known->second.weight_bytes;
      if (spec.strategy.SplitsBackward()) {
        Append(cost.weight_gradients.back(), known->second.weight_gradients);
      }
      cost.forward_exchanges.back() += known->second.forward_exchanges;
      cost.backward_exchanges.back() += known->second.backward_exchanges;
    }
  }
  if (chunk == 0) {
    Append(cost.forward.front(), EmbeddingPass(spec, hardware, Part::kForward));
    const bool trains = spec.trainable.TrainsEmbedding();
    if (trains) {
      Append((spec.strategy.SplitsBackward() ? cost.weight_gradients : cost.backward).front(),
             EmbeddingPass(spec, hardware, Part::kBackward));
    }
    AddParameters(spec, EmbeddingParametersOnRank(*spec.model, spec.strategy), trains, 0, cost);
  }
  if (chunk + 1 == static_cast<int>(spec.strategy.chunk_layers.size())) {
    Append(cost.forward.back(), HeadForward(spec, hardware));
    const bool splits = spec.strategy.SplitsBackward() && spec.trainable.TrainsHead();
    if (splits) {
      Append(cost.backward.back(), HeadInputGradient(spec, hardware));
      Append(cost.weight_gradients.back(), HeadWeightGradient(spec, hardware));
    } else {
      Append(cost.backward.back(), HeadBackward(spec, hardware));
    }
    AddParameters(spec, HeadParametersOnRank(*spec.model, spec.strategy),
                  spec.trainable.TrainsHead(), cost.trained.size() - 1, cost);
  }
  return cost;
}

Work OptimizerStep(const TrainingSpec& spec, const WorkerHardware& hardware,
                   const HeldParameters& parameters) {
  const SoftwareStack& stack = *spec.stack;
  const double updated = spec.strategy.zero_stage > 0
                             ? parameters.shared / spec.strategy.optimizer_shards +
                                   parameters.experts / spec.strategy.ExpertOptimizerShards()
                             : parameters.Total();
  const double offloaded = spec.strategy.optimizer_offload;
  const double bytes =
      updated * (1.0 - offloaded) * stack.optimizer_traffic / stack.optimizer_efficiency +
      updated * stack.gradient_traffic;
  Work work;
  Add(work, Part::kOptimizer, Activity::kMemory, StreamTime(hardware.device, Bytes(bytes)));
  AddHostOptimizer(spec, hardware, updated * offloaded, work);
  return work;
}

}  // namespace fleetsim
