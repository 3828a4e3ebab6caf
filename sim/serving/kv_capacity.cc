#include "sim/serving/kv_capacity.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "sim/model/sequence_state.h"
#include "sim/serving/layer_times.h"

namespace fleetsim {
namespace {

constexpr double kWideBytes = 2;
constexpr double kStateBytes = 4;      // of a recurrence, in 32 bits
constexpr double kLogitBytes = 2 + 4;  // as computed, and in 32 bits for sampling
constexpr double kGiga = 1e9;

// Layers as even as possible, the first stages one more.
int LayersOfStage(int layers, int stages, int stage) {
  return layers / stages + (stage < layers % stages ? 1 : 0);
}

int FirstLayer(int layers, int stages, int stage) {
  int first = 0;
  for (int i = 0; i < stage; ++i) first += LayersOfStage(layers, stages, i);
  return first;
}

Bytes LayerWeights(const InstanceSpec& spec, int layer) {
  const Architecture& model = *spec.model;
  const ServingLayout& layout = spec.layout;
  const LayerParameters count = CountLayerParameters(model, layer);
  const double element = StoredWeightBytes(spec.precision.products.weights);
  const double kv_ranks = std::min(layout.tensor, std::max(1, model.kv_heads));
  const double products = (count.attention + count.feed_forward) / layout.tensor +
                          count.key_value / kv_ranks + count.other_replicated;
  Bytes bytes(products * element + (count.router + count.norms) * kWideBytes);
  if (count.routed_experts > 0) {
    const double copies =
        1.0 + static_cast<double>(layout.redundant_experts) / model.experts->experts;
    bytes += Bytes(count.routed_experts * copies / layout.StageAccelerators() *
                   StoredWeightBytes(spec.precision.experts.weights));
  }
  return bytes;
}

Bytes EmbeddingWeights(const InstanceSpec& spec) {
  const ModelParameters count = CountParameters(*spec.model);
  return Bytes(kWideBytes * (count.embedding / spec.layout.tensor + count.positions));
}

std::string Gigabytes(Bytes bytes) { return absl::StrFormat("%.1f GB", bytes.value() / kGiga); }

struct Parts {
  Bytes weights, workspace, reserved;
  Bytes Total() const { return weights + workspace + reserved; }
};

Parts PartsOf(const InstanceSpec& spec) {
  Parts parts;
  for (int stage = 0; stage < spec.layout.pipeline; ++stage) {
    parts.weights = Max(parts.weights, StageWeights(spec, stage));
  }
  parts.workspace = Workspace(spec);
  parts.reserved = spec.engine->memory.reserved;
  return parts;
}

Bytes Left(const InstanceSpec& spec, const Parts& parts, Bytes memory) {
  const double ratio = spec.options.memory_ratio;
  if (spec.engine->memory.of_free) return (memory - parts.Total()) * ratio;
  return memory * ratio - parts.Total();
}

bool Fits(const InstanceSpec& spec, Bytes memory) {
  const Bytes block = CacheBytesOf(spec).PerToken(0) * spec.options.block_tokens;
  return Left(spec, PartsOf(spec), memory) > block;
}

// Twice, four times ... the tensor ranks, as far as the heads divide; then pipeline stages.
std::optional<std::string> MoreAccelerators(const InstanceSpec& spec, Bytes memory) {
  InstanceSpec tried = spec;
  while (spec.model->heads % (2 * tried.layout.tensor) == 0) {
    tried.layout.tensor *= 2;
    if (Fits(tried, memory)) return absl::StrCat("tensor ", tried.layout.tensor);
  }
  tried = spec;
  while (2 * tried.layout.pipeline <= spec.model->layers) {
    tried.layout.pipeline *= 2;
    if (Fits(tried, memory)) return absl::StrCat("pipeline ", tried.layout.pipeline);
  }
  return std::nullopt;
}

std::optional<std::string> NarrowerWeights(const InstanceSpec& spec, Bytes memory) {
  const struct {
    const char* name;
    NumberFormat format;
  } kFormats[] = {{"FP8 weights", {DataType::kFp8, Scaling::kTensor}},
                  {"INT4 weights", DataType::kInt4}};
  for (const auto& narrower : kFormats) {
    InstanceSpec tried = spec;
    if (StoredWeightBytes(narrower.format) >= StoredWeightBytes(spec.precision.products.weights)) {
      continue;
    }
    tried.precision.products.weights = tried.precision.experts.weights = narrower.format;
    if (Fits(tried, memory)) return narrower.name;
  }
  return std::nullopt;
}

std::string SmallestChange(const InstanceSpec& spec, Bytes memory) {
  const auto narrower = NarrowerWeights(spec, memory);
  const auto more = MoreAccelerators(spec, memory);
  if (!narrower && !more) return "none was found that fits";
  return absl::StrCat("smallest change that fits: ", narrower.value_or(""),
                      narrower && more ? ", or " : "", more.value_or(""));
}

}  // namespace

Bytes CacheBytes::PerToken(double tokens) const {
  if (tokens <= 0) return full + windowed;
  const double kept = window > 0 && tokens > window ? window / tokens : 1.0;
  return full + windowed * kept + state / tokens;
}

CacheBytes CacheBytesOf(const InstanceSpec& spec) {
  const Architecture& model = *spec.model;
  const double element = ElementBytes(spec.precision.cache);
  CacheBytes bytes;
  const auto add = [&](int layer) {
    const SequenceState state = StateOf(model, layer, spec.layout.tensor);
    bytes.full += Bytes(state.per_token * element);
    bytes.windowed += Bytes(state.windowed * element);
    bytes.window = std::max(bytes.window, state.window);
    bytes.state += Bytes(state.recurrent * kStateBytes + state.convolution * kWideBytes);
  };
  // The stage with most layers.
  const int last = LayersOfStage(model.layers, spec.layout.pipeline, 0);
  for (int layer = 0; layer < last; ++layer) add(layer);
  // The further-token module has a cache of its own.
  if (spec.speculation) add(model.layers);
  return bytes;
}

Bytes StageWeights(const InstanceSpec& spec, int stage) {
  const Architecture& model = *spec.model;
  const int stages = spec.layout.pipeline;
  const int first = FirstLayer(model.layers, stages, stage);
  Bytes bytes;
  for (int i = 0; i < LayersOfStage(model.layers, stages, stage); ++i) {
    bytes += LayerWeights(spec, first + i);
  }
  const ModelParameters count = CountParameters(model);
  if (stage == 0) bytes += EmbeddingWeights(spec);
  if (stage < stages - 1) return bytes;
  if (count.head > 0) bytes += Bytes(kWideBytes * count.head / spec.layout.tensor);
  // A shared table is needed at both ends.
  if (count.head == 0 && stages > 1) bytes += EmbeddingWeights(spec);
  if (spec.speculation) {
    for (int i = 0; i < model.multi_token_prediction_layers; ++i) {
      bytes += LayerWeights(spec, model.layers + i) +
               Bytes(kWideBytes * PredictionJoinParameters(model) / spec.layout.tensor);
    }
  }
  return bytes;
}

Bytes Workspace(const InstanceSpec& spec) {
  const Architecture& model = *spec.model;
  const ServingLayout& layout = spec.layout;
  const double tokens = spec.options.token_budget;
  // Residual, input and output of a block; the block's inner activations, up to three of them.
  double width = 3.0 * model.hidden + 3.0 * model.ffn / layout.tensor;
  if (model.experts) {
    const double copies =
        static_cast<double>(model.experts->per_token) * layout.attention_data / layout.expert;
    width = std::max(
        width, 3.0 * model.hidden +
                   copies * (model.hidden + 3.0 * model.experts->ffn / layout.ExpertTensor()));
  }
  const double sequences = std::min<double>(spec.options.max_sequences, tokens);
  return Bytes(tokens * width * kWideBytes + sequences * model.vocab * kLogitBytes);
}

absl::StatusOr<KvCapacity> KvCapacityOf(const InstanceSpec& spec, const Accelerator& accelerator,
                                        double sequence_tokens) {
  const Parts parts = PartsOf(spec);
  KvCapacity capacity;
  capacity.memory = accelerator.UsableMemory();
  capacity.weights = parts.weights;
  capacity.workspace = parts.workspace;
  capacity.reserved = parts.reserved;
  capacity.cache = Max(Bytes(0), Left(spec, parts, capacity.memory));
  capacity.per_token = CacheBytesOf(spec).PerToken(sequence_tokens);
  const Bytes block = capacity.per_token * spec.options.block_tokens;
  capacity.blocks = static_cast<std::int64_t>(std::floor(capacity.cache / block));
  if (spec.options.cache_blocks) capacity.blocks = *spec.options.cache_blocks;
  if (capacity.blocks > 0) return capacity;
  return Infeasible(absl::StrFormat(
      "%s needs %s of %s on each %s before any cache: weights %s, activations and logits %s, "
      "engine %s, and the engine fills %.2f of %s; %s",
      spec.model->name, Gigabytes(parts.Total()), Gigabytes(capacity.memory), accelerator.name,
      Gigabytes(parts.weights), Gigabytes(parts.workspace), Gigabytes(parts.reserved),
      spec.options.memory_ratio, spec.engine->memory.of_free ? "what they leave" : "it",
      SmallestChange(spec, capacity.memory)));
}

}  // namespace fleetsim
