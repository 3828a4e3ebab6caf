#include "sim/parallel/stage_parameters.h"

#include <numeric>

namespace fleetsim {
namespace {

double VocabularyMatrixOnRank(const Architecture& model, const Strategy& strategy) {
  return PaddedVocab(model, strategy.tensor) * model.hidden / strategy.tensor;
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
  const double join =
      layer >= model.layers ? PredictionJoinParameters(model) / strategy.tensor : 0.0;
  return {SharedParametersOnRank(model, layer, strategy.tensor) + join,
          ExpertParametersOnRank(model, layer, strategy.expert, strategy.expert_tensor)};
}

HeldParameters HeldByStage(const Architecture& model, const Strategy& strategy, int stage) {
  HeldParameters held;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    for (int layer : LayersOfChunk(model, strategy, strategy.ChunkOf(stage, i))) {
      held += HeldByLayer(model, strategy, layer);
    }
  }
  if (stage == 0) held.shared += EmbeddingParametersOnRank(model, strategy);
  if (stage + 1 == strategy.pipeline) {
    held.shared += HeadParametersOnRank(model, strategy);
    // The modules' lookups use a copy of the table where the first stage is another rank's.
    if (model.multi_token_prediction_layers > 0 && strategy.pipeline > 1) {
      held.shared += VocabularyMatrixOnRank(model, strategy);
    }
  }
  return held;
}

double StageParametersOnRank(const Architecture& model, const Strategy& strategy, int stage) {
  return HeldByStage(model, strategy, stage).Total();
}

double TiedParametersAcrossStages(const Architecture& model, const Strategy& strategy) {
  if (!model.tied_embeddings || strategy.pipeline == 1) return 0.0;
  return VocabularyMatrixOnRank(model, strategy);
}

}  // namespace fleetsim
