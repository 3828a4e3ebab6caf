#include "sim/parallel/stage_parameters.h"

#include <numeric>

namespace fleetsim {
namespace {

double VocabularyMatrixOnRank(const Architecture& model, const Strategy& strategy) {
  return PaddedVocab(model, strategy.tensor) * model.hidden / strategy.tensor;
}

// Further-token modules look up in a copy of the table where the first stage is another rank's.
double PredictionTable(const Architecture& model, const Strategy& strategy) {
  const bool copied = model.multi_token_prediction_layers > 0 && strategy.HeadStage() > 0;
  return copied ? VocabularyMatrixOnRank(model, strategy) : 0.0;
}

// Sum of `of_layer` over the layers of the stage's chunks.
template <class OfLayer>
HeldParameters SumLayers(const Architecture& model, const Strategy& strategy, int stage,
                         OfLayer of_layer) {
  HeldParameters sum;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    for (int layer : LayersOfChunk(model, strategy, strategy.ChunkOf(stage, i))) {
      sum += of_layer(layer);
    }
  }
  return sum;
}

}  // namespace

double EmbeddingParametersOnRank(const Architecture& model, const Strategy& strategy) {
  const ModelParameters parameters = CountParameters(model);
  return VocabularyMatrixOnRank(model, strategy) + parameters.positions + parameters.embedding_norm;
}

double HeadParametersOnRank(const Architecture& model, const Strategy& strategy) {
  const bool shared = model.tied_embeddings && strategy.HeadStage() == 0;
  return CountParameters(model).final_norm +
         (shared ? 0.0 : VocabularyMatrixOnRank(model, strategy));
}

std::vector<int> LayersOfChunk(const Architecture& model, const Strategy& strategy, int chunk) {
  const auto begin = strategy.chunk_layers.begin();
  int count = strategy.chunk_layers[chunk];
  if (chunk + 1 == static_cast<int>(strategy.chunk_layers.size())) {
    count += model.multi_token_prediction_layers;
  }
  std::vector<int> layers(count);
  std::iota(layers.begin(), layers.end(), std::accumulate(begin, begin + chunk, 0));
  return layers;
}

HeldParameters HeldByLayer(const Architecture& model, const Strategy& strategy, int layer) {
  if (model.shared_prediction && layer > model.layers) return {};  // the first module's
  const double join =
      layer >= model.layers ? PredictionJoinParameters(model) / strategy.tensor : 0.0;
  return {SharedParametersOnRank(model, layer, strategy.tensor) + join,
          ExpertParametersOnRank(model, layer, strategy.expert, strategy.expert_tensor)};
}

HeldParameters HeldByStage(const Architecture& model, const Strategy& strategy, int stage) {
  HeldParameters held = SumLayers(model, strategy, stage,
                                  [&](int layer) { return HeldByLayer(model, strategy, layer); });
  if (stage == 0) held.shared += EmbeddingParametersOnRank(model, strategy);
  if (stage == strategy.HeadStage()) {
    held.shared += HeadParametersOnRank(model, strategy);
    held.shared += PredictionTable(model, strategy);
  }
  return held;
}

double StageParametersOnRank(const Architecture& model, const Strategy& strategy, int stage) {
  return HeldByStage(model, strategy, stage).Total();
}

HeldParameters TrainedByLayer(const Architecture& model, const Trainable& trainable,
                              const Strategy& strategy, int layer) {
  if (trainable.TrainsBase(layer)) return HeldByLayer(model, strategy, layer);
  // Adapters of experts travel with the shared ones.
  return {LayerTrainableOnRank(model, trainable, layer, strategy.tensor, strategy.expert), 0.0};
}

HeldParameters TrainedByStage(const Architecture& model, const Trainable& trainable,
                              const Strategy& strategy, int stage) {
  if (trainable.Everything()) return HeldByStage(model, strategy, stage);
  HeldParameters trained = SumLayers(model, strategy, stage, [&](int layer) {
    return TrainedByLayer(model, trainable, strategy, layer);
  });
  if (stage == 0 && trainable.TrainsEmbedding()) {
    trained.shared += EmbeddingParametersOnRank(model, strategy);
  }
  if (stage == strategy.HeadStage() && trainable.TrainsHead()) {
    trained.shared += HeadParametersOnRank(model, strategy);
  }
  return trained;
}

HeldParameters WeightBytesByLayer(const Architecture& model, const Trainable& trainable,
                                  const Strategy& strategy, int layer, double training_bytes) {
  const HeldParameters held = HeldByLayer(model, strategy, layer);
  if (trainable.TrainsBase(layer)) return held * training_bytes;
  HeldParameters bytes = held * StoredBytes(trainable.storage);
  bytes += TrainedByLayer(model, trainable, strategy, layer) * training_bytes;
  return bytes;
}

HeldParameters WeightBytesByStage(const Architecture& model, const Trainable& trainable,
                                  const Strategy& strategy, int stage,
                                  const TrainingBytes& training) {
  HeldParameters bytes = SumLayers(model, strategy, stage, [&](int layer) {
    return WeightBytesByLayer(model, trainable, strategy, layer, training.layers);
  });
  const double frozen = StoredBytes(FrozenStorage::kSixteenBit);
  if (stage == 0) {
    bytes.shared += EmbeddingParametersOnRank(model, strategy) *
                    (trainable.TrainsEmbedding() ? training.ends : frozen);
  }
  if (stage == strategy.HeadStage()) {
    bytes.shared += (HeadParametersOnRank(model, strategy) + PredictionTable(model, strategy)) *
                    (trainable.TrainsHead() ? training.ends : frozen);
  }
  return bytes;
}

double TiedParametersAcrossStages(const Architecture& model, const Strategy& strategy) {
  if (!model.tied_embeddings || strategy.HeadStage() == 0) return 0.0;
  return VocabularyMatrixOnRank(model, strategy);
}

}  // namespace fleetsim
