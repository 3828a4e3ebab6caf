#include "sim/model/trainable.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"

namespace fleetsim {
namespace {

// Share of a product's outputs that a module makes.
enum class Share { kAll, kQuery, kKey, kGate };

struct Module {
  const char* name;
  const char* product;  // of ForwardOperators
  Share share;
};

// A module may stand for several products: those of experts, of shared experts, of dense layers.
constexpr std::array<Module, 28> kModules = {{
    {"linear_qkv", "qkv_projection", Share::kAll},
    {"q_proj", "qkv_projection", Share::kQuery},
    {"k_proj", "qkv_projection", Share::kKey},
    {"v_proj", "qkv_projection", Share::kKey},
    {"q_proj", "q_up", Share::kAll},
    {"q_a_proj", "q_down", Share::kAll},
    {"q_b_proj", "q_up", Share::kAll},
    {"kv_a_proj_with_mqa", "kv_down", Share::kAll},
    {"kv_b_proj", "kv_up", Share::kAll},
    {"o_proj", "attention_output", Share::kAll},
    {"linear_proj", "attention_output", Share::kAll},
    {"in_proj", "mixer_input", Share::kAll},
    {"out_proj", "mixer_output", Share::kAll},
    {"gate_proj", "ffn_up", Share::kGate},
    {"up_proj", "ffn_up", Share::kGate},
    {"linear_fc1", "ffn_up", Share::kAll},
    {"down_proj", "ffn_down", Share::kAll},
    {"linear_fc2", "ffn_down", Share::kAll},
    {"gate_proj", "expert_up", Share::kGate},
    {"up_proj", "expert_up", Share::kGate},
    {"linear_fc1", "expert_up", Share::kAll},
    {"down_proj", "expert_down", Share::kAll},
    {"linear_fc2", "expert_down", Share::kAll},
    {"gate_proj", "shared_expert_up", Share::kGate},
    {"up_proj", "shared_expert_up", Share::kGate},
    {"linear_fc1", "shared_expert_up", Share::kAll},
    {"down_proj", "shared_expert_down", Share::kAll},
    {"linear_fc2", "shared_expert_down", Share::kAll},
}};

double Fraction(Share share, const AttentionShape& core, bool gated) {
  const double all_heads = core.heads + 2.0 * core.kv_heads;
  switch (share) {
    case Share::kQuery:
      return core.heads / all_heads;
    case Share::kKey:
      return core.kv_heads / all_heads;
    case Share::kGate:
      return gated ? 0.5 : 1.0;
    case Share::kAll:
      break;
  }
  return 1.0;
}

// Which of a model's modules there are: a plain feed-forward block has no gate, latent attention
// with a query latent has no plain q projection.
bool Applies(const Module& module, const Architecture& model) {
  const absl::string_view name = module.name, product = module.product;
  if (name == "gate_proj") return model.gated_ffn;
  if (name == "q_proj" && product == "q_up") return model.latent && model.latent->q_lora_rank == 0;
  if (name == "q_b_proj") return model.latent && model.latent->q_lora_rank > 0;
  return true;
}

const GemmOp* Find(const LayerOperators& operators, absl::string_view product) {
  for (const GemmOp& gemm : operators.gemms) {
    if (gemm.name == product) return &gemm;
  }
  return nullptr;
}

// Megatron's parallel adapters divide both matrices: the first one's outputs (column-parallel base)
// or inputs (row-parallel), the second one's outputs.
Adapter MakeAdapter(const Module& module, const GemmOp& base, double fraction, double rank,
                    int tensor) {
  const GemmShape& shape = base.shape;
  const double outputs = shape.n * fraction;
  const bool column = base.split == Split::kColumn, row = base.split == Split::kRow;
  Adapter adapter;
  adapter.in = {std::string(module.name) + ".in",
                {shape.m, column ? rank / tensor : rank, shape.k, shape.batch},
                base.split};
  adapter.out = {std::string(module.name) + ".out",
                 {shape.m, row ? outputs / tensor : outputs, rank, shape.batch},
                 base.split,
                 true};
  adapter.product = base.name;
  for (const GemmOp* gemm : {&adapter.in, &adapter.out}) {
    adapter.parameters += gemm->shape.k * gemm->shape.n * gemm->shape.batch;
  }
  return adapter;
}

}  // namespace

double StoredBytes(FrozenStorage storage) {
  switch (storage) {
    case FrozenStorage::kSixteenBit:
      return 2.0;
    case FrozenStorage::kFp8:
    case FrozenStorage::kInt8:
      return 1.0;  // one scale a tensor, a row or a column
    case FrozenStorage::kInt4:
      // Groups of 128 with a 16-bit scale and a 4-bit zero point (Frantar et al. 2022, GPTQ).
      return 0.5 + 2.5 / 128.0;
    case FrozenStorage::kNvfp4:
      return 0.5 + 1.0 / 16.0;  // an 8-bit scale for 16 elements
    case FrozenStorage::kNf4:
      break;
  }
  // Blocks of 64 whose scales are themselves quantised: 0.127 bits a parameter (Dettmers et al.
  // 2023, section 3, double quantization).
  return 0.5 + 0.127 / 8.0;
}

const char* FrozenStorageName(FrozenStorage storage) {
  constexpr std::array<const char*, 6> kNames = {"16-bit", "FP8", "INT8", "INT4", "NF4", "NVFP4"};
  return kNames[static_cast<int>(storage)];
}

std::vector<std::string> AdapterModuleNames() {
  std::vector<std::string> names;
  for (const Module& module : kModules) {
    if (std::find(names.begin(), names.end(), module.name) == names.end()) {
      names.emplace_back(module.name);
    }
  }
  return names;
}

bool HasModule(const Architecture& model, absl::string_view module) {
  for (int layer : {0, model.layers - 1}) {
    const LayerOperators operators = ForwardOperators(model, layer, {.sequence_length = 1});
    for (const Module& known : kModules) {
      if (known.name == module && Applies(known, model) && Find(operators, known.product)) {
        return true;
      }
    }
  }
  return false;
}

std::vector<Adapter> AdaptersOf(const Trainable& trainable, const LayerOperators& operators,
                                const Architecture& model, int tensor) {
  std::vector<Adapter> adapters;
  for (const std::string& name : trainable.adapter_modules) {
    for (const Module& module : kModules) {
      if (module.name != name || !Applies(module, model)) continue;
      const GemmOp* base = Find(operators, module.product);
      if (base == nullptr) continue;
      const double fraction = Fraction(module.share, operators.attention, model.gated_ffn);
      adapters.push_back(MakeAdapter(module, *base, fraction, trainable.adapter_rank, tensor));
    }
  }
  return adapters;
}

InputsKept InputsForGradients(const Trainable& trainable, const Architecture& model, int layer) {
  if (trainable.TrainsBase(layer)) return {};
  InputsKept kept{false, false, false};
  if (!trainable.Reaches(layer)) return kept;
  const LayerOperators operators = ForwardOperators(model, layer, {.sequence_length = 1});
  for (const Adapter& adapter : AdaptersOf(trainable, operators, model, 1)) {
    const absl::string_view product = adapter.product;
    // Attention and recurrences keep their output anyway.
    if (product == "attention_output" || product == "mixer_output") continue;
    if (absl::EndsWith(product, "ffn_down") || absl::EndsWith(product, "expert_down")) {
      kept.activation = true;
    } else if (absl::EndsWith(product, "ffn_up") || absl::EndsWith(product, "expert_up")) {
      kept.feed_forward = true;
    } else {
      kept.attention = true;
    }
  }
  return kept;
}

double LayerTrainableOnRank(const Architecture& model, const Trainable& trainable, int layer,
                            int tensor, int expert) {
  if (!trainable.Reaches(layer)) return 0.0;
  if (!trainable.HasAdapters()) return LayerParametersOnRank(model, layer, tensor, expert);
  const LayerOperators operators =
      ForwardOperators(model, layer, {.sequence_length = 1, .tensor = tensor, .expert = expert});
  double sum = 0.0;
  for (const Adapter& adapter : AdaptersOf(trainable, operators, model, tensor)) {
    sum += adapter.parameters;
  }
  return sum;
}

double AdapterFlopsPerToken(const Architecture& model, const Trainable& trainable, int layer) {
  double sum = 0.0;
  if (!trainable.Reaches(layer)) return sum;
  const LayerOperators operators = ForwardOperators(model, layer, {.sequence_length = 1});
  for (const Adapter& adapter : AdaptersOf(trainable, operators, model, 1)) {
    for (const GemmOp* gemm : {&adapter.in, &adapter.out}) {
      sum += 2.0 * gemm->shape.m * gemm->shape.n * gemm->shape.k * gemm->shape.batch;
    }
  }
  return sum;
}

double TrainableParameters(const Architecture& model, const Trainable& trainable) {
  double sum = 0.0;
  for (int layer = 0; layer < model.layers; ++layer) {
    sum += LayerTrainableOnRank(model, trainable, layer, 1);
  }
  const ModelParameters all = CountParameters(model);
  if (trainable.TrainsHead()) sum += all.final_norm + all.head;
  if (trainable.TrainsEmbedding()) sum += all.embedding + all.positions + all.embedding_norm;
  return sum;
}

}  // namespace fleetsim
