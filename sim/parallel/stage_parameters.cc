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

double StageParametersOnRank(const Architecture& model, const Strategy& strategy, int stage) {
  double sum = 0.0;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    const int chunk = strategy.ChunkOf(stage, i);
    const auto begin = strategy.chunk_layers.begin();
    const int first = std::accumulate(begin, begin + chunk, 0);
    for (int layer = first; layer < first + strategy.chunk_layers[chunk]; ++layer) {
      sum += LayerParametersOnRank(model, layer, strategy.tensor);
    }
  }
  if (stage == 0) sum += EmbeddingParametersOnRank(model, strategy);
  if (stage + 1 == strategy.pipeline) sum += HeadParametersOnRank(model, strategy);
  return sum;
}

double TiedParametersAcrossStages(const Architecture& model, const Strategy& strategy) {
  if (!model.tied_embeddings || strategy.pipeline == 1) return 0.0;
  return VocabularyMatrixOnRank(model, strategy);
}

}  // namespace fleetsim
