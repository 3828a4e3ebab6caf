#include "sim/model/flops.h"

#include <algorithm>

#include "sim/model/operators.h"

namespace fleetsim {
namespace {

double FlopsOf(const GemmShape& shape) { return 2 * shape.m * shape.n * shape.k * shape.batch; }

// Share of the layers that gradients pass.
double ReachedLayers(const Architecture& model, const Trainable& trainable) {
  return 1.0 - static_cast<double>(trainable.frozen_layers) / model.layers;
}

}  // namespace

double MeanAttendedKeys(int tokens, double sequence_length, AttentionCount count) {
  const double window = tokens > 0 ? std::min<double>(tokens, sequence_length) : sequence_length;
  const double causal = window - window * window / (2 * sequence_length);
  return count == AttentionCount::kCausal ? causal : 2 * causal;
}

double MeanKeys(const LayerKind& kind, double sequence_length, AttentionCount count) {
  if (kind.compression == 0) {
    const bool both = kind.window > 0 && kind.selected > 0;
    const int most = both ? std::min(kind.window, kind.selected) : kind.window + kind.selected;
    return MeanAttendedKeys(most, sequence_length, count);
  }
  return MeanAttendedKeys(kind.window, sequence_length, count) +
         MeanAttendedKeys(kind.selected, sequence_length / kind.compression, count);
}

double IndexedKeys(const LayerKind& kind, double sequence_length, AttentionCount count) {
  return MeanAttendedKeys(0, sequence_length / std::max(1, kind.compression), count);
}

TokenFlops ForwardFlopsPerToken(const Architecture& model, double sequence_length,
                                AttentionCount count) {
  TokenFlops flops;
  const double per_key = 2.0 * model.heads * (QueryKeyHeadDim(model) + ValueHeadDim(model));
  const int modules = model.multi_token_prediction_layers;
  for (int layer = 0; layer < model.layers + modules; ++layer) {
    const LayerKind kind = KindOf(model, layer);
    const LayerOperators token = ForwardOperators(model, layer, {.sequence_length = 1});
    for (const GemmOp& gemm : token.gemms) flops.products += Flops(FlopsOf(gemm.shape));
    for (const ChunkProduct& product : token.recurrence.products) {
      flops.attention_core += Flops(FlopsOf(product.shape));
    }
    if (kind.mixer == Mixer::kAttention) {
      flops.attention_core += Flops(per_key * MeanKeys(kind, sequence_length, count));
    }
    if (kind.indexer) {
      const double per_entry = 2.0 * model.index->heads * model.index->head_dim;
      flops.attention_core += Flops(per_entry * IndexedKeys(kind, sequence_length, count));
    }
  }
  // Each further-token module has a loss of its own.
  flops.head = Flops((1 + modules) * 2.0 * model.hidden * model.vocab);
  return flops;
}

Flops ModelFlopsPerToken(const Architecture& model, double sequence_length, AttentionCount count,
                         const Trainable& trainable) {
  const TokenFlops forward = ForwardFlopsPerToken(model, sequence_length, count);
  if (trainable.Everything() && !trainable.reference_pass) return 3 * forward.Total();
  const double reached = ReachedLayers(model, trainable);
  const double weights = trainable.HasAdapters() ? 0.0 : reached;
  Flops flops = forward.products * (1 + reached + weights) +
                forward.attention_core * (1 + 2 * reached) +
                forward.head * (trainable.TrainsHead() ? 3 : 2);
  for (int layer = 0; layer < model.layers; ++layer) {
    flops += Flops(3 * AdapterFlopsPerToken(model, trainable, layer));
  }
  if (trainable.reference_pass) flops += forward.Total();
  return flops;
}

Flops HardwareFlopsPerToken(const Architecture& model, double sequence_length, AttentionCount count,
                            Recompute recompute, const Trainable& trainable) {
  const TokenFlops forward = ForwardFlopsPerToken(model, sequence_length, count);
  Flops again;
  if (recompute == Recompute::kSelective) again = forward.attention_core;
  if (recompute == Recompute::kFull) again = forward.products + forward.attention_core;
  return ModelFlopsPerToken(model, sequence_length, count, trainable) +
         again * ReachedLayers(model, trainable);
}

Flops SixNFlopsPerToken(const Architecture& model) { return Flops(6 * ActiveParameters(model)); }

Flops PalmFlopsPerToken(const Architecture& model, double sequence_length) {
  const double attention = 6 * sequence_length * AttentionLayers(model) * model.heads *
                           (QueryKeyHeadDim(model) + ValueHeadDim(model));
  return SixNFlopsPerToken(model) + Flops(attention);
}

}  // namespace fleetsim
