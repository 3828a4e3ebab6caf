#include "sim/model/sequence_state.h"

#include <algorithm>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

// Keys and values of one token.
double KeyValueElements(const Architecture& model, int tensor) {
  if (model.latent) return model.latent->kv_lora_rank + model.latent->qk_rope_head_dim;
  if (model.compressed) return model.head_dim;  // the key is its own value
  const double kv_heads = std::max(1.0, static_cast<double>(model.kv_heads) / tensor);
  return kv_heads * (QueryKeyHeadDim(model) + ValueHeadDim(model));
}

SequenceState OfRecurrence(const Recurrence& mixer, int tensor) {
  SequenceState state;
  state.recurrent = mixer.StateElements() / tensor;
  state.convolution = std::max(0, mixer.convolution - 1) * mixer.Convolved() / tensor;
  return state;
}

}  // namespace

double SequenceState::CachedElements(double tokens) const {
  return per_token * tokens + windowed * std::min<double>(window, tokens);
}

SequenceState StateOf(const Architecture& model, int layer, int tensor) {
  FLEETSIM_CHECK(tensor >= 1);
  const LayerKind kind = KindOf(model, layer);
  if (kind.mixer == Mixer::kRecurrence) return OfRecurrence(*model.recurrence, tensor);
  SequenceState state;
  if (kind.mixer == Mixer::kNone) return state;
  const double elements = KeyValueElements(model, tensor);
  state.window = kind.window;
  (kind.window > 0 ? state.windowed : state.per_token) = elements;
  if (kind.compression > 0) state.per_token += elements / kind.compression;
  if (kind.indexer) state.per_token += 1.0 * model.index->head_dim / std::max(1, kind.compression);
  return state;
}

}  // namespace fleetsim
