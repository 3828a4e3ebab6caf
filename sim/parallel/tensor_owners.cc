#include "sim/parallel/tensor_owners.h"

#include <algorithm>
#include <numeric>

namespace fleetsim {
namespace {

int LayerMatrices(const Architecture& model, int layer) {
  const LayerKind kind = KindOf(model, layer);
  // The joint projection of q, k and v, or of a recurrence's inputs, and that of the output.
  const int attention = kind.mixer == Mixer::kNone ? 0 : 2;
  const int block = model.gated_ffn ? 3 : 2;
  if (kind.block == Block::kNone) return attention;
  if (kind.block == Block::kDense) return attention + block;
  return attention + 1 + block * (model.experts->experts + model.experts->shared);  // 1: router
}

}  // namespace

int StageMatrices(const Architecture& model, const Strategy& strategy, int stage) {
  int matrices = stage == 0 ? 1 : 0;  // the embedding
  if (stage == strategy.HeadStage() && (stage > 0 || !model.tied_embeddings)) ++matrices;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    const int chunk = strategy.ChunkOf(stage, i);
    const auto begin = strategy.chunk_layers.begin();
    const int first = std::accumulate(begin, begin + chunk, 0);
    for (int layer = first; layer < first + strategy.chunk_layers[chunk]; ++layer) {
      matrices += LayerMatrices(model, layer);
    }
  }
  return matrices;
}

int MatrixOwners(const Architecture& model, const Strategy& strategy, int stage, int ranks) {
  return std::max(1, std::min(ranks, StageMatrices(model, strategy, stage)));
}

}  // namespace fleetsim
