#include "sim/parallel/stage_parameters.h"

#include <numeric>

namespace fleetsim {
namespace {

double VocabularyMatrixOnRank(const Architecture& model, const Strategy& strategy) {
  return PaddedVocab(model, strategy.tensor) * model.hidden / strategy.tensor;
}

// Sum of `of_layer` over the layers of the stage's chunks.
template <class OfLayer>
double SumLayers(const Strategy& strategy, int stage, OfLayer of_layer) {
  double sum = 0.0;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    const int chunk = strategy.ChunkOf(stage, i);
    const auto begin = strategy.chunk_layers.begin();
    const int first = std::accumulate(begin, begin + chunk, 0);
    for (int layer = first; layer < first + strategy.chunk_layers[chunk]; ++layer) {
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
  const bool shared = model.tied_embeddings && strategy.pipeline == 1;
  return CountParameters(model).final_norm +
         (shared ? 0.0 : VocabularyMatrixOnRank(model, strategy));
}

double StageParametersOnRank(const Architecture& model, const Strategy& strategy, int stage) {
  double sum = SumLayers(strategy, stage, [&](int layer) {
    return LayerParametersOnRank(model, layer, strategy.tensor);
  });
  if (stage == 0) sum += EmbeddingParametersOnRank(model, strategy);
  if (stage + 1 == strategy.pipeline) sum += HeadParametersOnRank(model, strategy);
  return sum;
}

double StageTrainableOnRank(const Architecture& model, const Trainable& trainable,
                            const Strategy& strategy, int stage) {
  double sum = SumLayers(strategy, stage, [&](int layer) {
    return LayerTrainableOnRank(model, trainable, layer, strategy.tensor);
  });
  if (stage == 0 && trainable.TrainsEmbedding()) sum += EmbeddingParametersOnRank(model, strategy);
  if (stage + 1 == strategy.pipeline && trainable.TrainsHead()) {
    sum += HeadParametersOnRank(model, strategy);
  }
  return sum;
}

double LayerWeightBytesOnRank(const Architecture& model, const Trainable& trainable, int layer,
                              const Strategy& strategy, double training_bytes) {
  const double base = LayerParametersOnRank(model, layer, strategy.tensor);
  if (trainable.TrainsBase(layer)) return base * training_bytes;
  const double adapters = LayerTrainableOnRank(model, trainable, layer, strategy.tensor);
  return base * StoredBytes(trainable.storage) + adapters * training_bytes;
}

double StageWeightBytesOnRank(const Architecture& model, const Trainable& trainable,
                              const Strategy& strategy, int stage, double training_bytes) {
  const double frozen = StoredBytes(FrozenStorage::kSixteenBit);
  double sum = SumLayers(strategy, stage, [&](int layer) {
    return LayerWeightBytesOnRank(model, trainable, layer, strategy, training_bytes);
  });
  if (stage == 0) {
    sum += EmbeddingParametersOnRank(model, strategy) *
           (trainable.TrainsEmbedding() ? training_bytes : frozen);
  }
  if (stage + 1 == strategy.pipeline) {
    sum +=
        HeadParametersOnRank(model, strategy) * (trainable.TrainsHead() ? training_bytes : frozen);
  }
  return sum;
}

double TiedParametersAcrossStages(const Architecture& model, const Strategy& strategy) {
  if (!model.tied_embeddings || strategy.pipeline == 1) return 0.0;
  return VocabularyMatrixOnRank(model, strategy);
}

}  // namespace fleetsim
