#include "sim/serving/layer_times.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "sim/model/operators.h"

namespace fleetsim {
namespace {

constexpr double kWideBytes = 2;
// Loss head: logits are written in 16 bits, read and written in 32 for temperature, read for the
// largest or the sum.
constexpr double kSamplingBytes = 2 + 4 + 4;
// Sums of squares of q and of k, in 32 bits (vLLM, MiniMaxText01RMSNormTP.forward_qk).
constexpr double kHeadNormBytes = 8;

// Results and gates in 16 bits, results written.
constexpr double kGateBytes = 3 * kWideBytes;

bool StaticScales(NumberFormat format) { return format.scaling == Scaling::kTensorDelayed; }

// Norms and activation functions write the narrow format themselves where its scales are known
// before (static), or of so few elements that a kernel finds them in its registers (16).
bool FusesCast(const ServingEngine& engine, NumberFormat format) {
  return engine.traffic.fuses_quantise && (StaticScales(format) || format.scaling == Scaling::kNv);
}

bool Rounds(const InstanceSpec& spec, const ProductFormat& format) {
  return IsNarrow(format.activations.dtype) && !FusesCast(*spec.engine, format.activations);
}

// A product with the quantisation of its input.
void AddProduct(const InstanceSpec& spec, const Device& device, const GemmOp& gemm, bool casts,
                KernelTimes& times) {
  const ProductFormat wanted =
      gemm.wide ? ProductFormat{spec.WideType(), spec.WideType()} : spec.precision.products;
  const ProductFormat format = RunnableFormat(*device.accelerator, wanted);
  times.AddMatrix(ServingGemm(device, format, gemm.shape));
  if (casts && Rounds(spec, format)) {
    times.memory += QuantiseActivations(device, format.activations, gemm.shape.m, gemm.shape.k,
                                        StaticScales(format.activations));
  }
}

// The input is widened first, and cuBLAS multiplies on vector units (vLLM and SGLang,
// minimax_m2.py: gate(hidden_states.to(torch.float32))).
bool RoutesIn32Bits(const InstanceSpec& spec, const Device& device) {
  return spec.model->experts && spec.model->experts->router_fp32 &&
         device.accelerator->Peak(DataType::kFp32).value() > 0;
}

void AddRouterIn32Bits(const Device& device, const GemmShape& shape, KernelTimes& times) {
  times.memory += StreamTime(device, Bytes(shape.m * shape.k * (kWideBytes + 4)));
  times.matrix += GemmTime(device, DataType::kFp32, shape);
}

bool IsRouted(const GemmOp& gemm) { return gemm.name == "expert_up" || gemm.name == "expert_down"; }

// Products that a serving layer runs in every step: routed experts and what latent attention does
// with its cache are elsewhere. A router sees all tokens on every rank.
void AddProducts(const InstanceSpec& spec, const Device& device, const LayerOperators& layer,
                 KernelTimes& times) {
  for (GemmOp gemm : layer.gemms) {
    if (IsRouted(gemm) || gemm.name == "kv_up") continue;
    if (gemm.name == "router") {
      gemm.shape.m = layer.tokens;
      if (RoutesIn32Bits(spec, device)) {
        AddRouterIn32Bits(device, gemm.shape, times);
        continue;
      }
    }
    // Both down-projections read one input, and so do routed and shared experts.
    const bool casts = gemm.name != "kv_down" || !absl::StartsWith(layer.gemms[0].name, "q_down");
    AddProduct(spec, device, gemm, casts, times);
  }
}

bool GatedAttention(const Architecture& model, const LayerOperators& layer) {
  return model.attention_gate && layer.attention.heads > 0;
}

// Attention's results times a sigmoid; a shared expert's, whose gate is a product of one column.
double GateKernels(const Architecture& model, const LayerOperators& layer) {
  const bool shared = layer.dispatched_elements > 0 && model.experts->shared_gate;
  return (GatedAttention(model, layer) ? 1 : 0) + (shared ? 2 : 0);
}

// One norm over the heads of all ranks needs their sums of squares.
bool SumsHeadNorms(const InstanceSpec& spec) {
  return spec.model->qk_norm_across_heads && spec.layout.tensor > 1;
}

// Beyond the engine's for a plain dense layer. Latents: their two norms and the rotation of the
// shared key (deepseek_v2.py of vLLM and SGLang). Experts: choice of the top k and the sum with
// shared ones, parts of TensorRT-LLM's layer in the kernel tables, of no other's.
double KernelsOfKind(const InstanceSpec& spec, const LayerOperators& layer) {
  const Architecture& model = *spec.model;
  double kernels = layer.attention.heads > 0 && model.latent ? 3 : 0;
  if (layer.dispatched_elements > 0 && spec.engine->kernels != KernelLibrary::kTensorRtLlm) {
    kernels += model.experts->shared > 0 ? 2 : 1;
  }
  return kernels + GateKernels(model, layer) + (SumsHeadNorms(spec) ? 1 : 0);
}

Seconds ElementwiseTime(const InstanceSpec& spec, const Device& device,
                        const LayerOperators& layer) {
  const EngineTraffic& traffic = spec.engine->traffic;
  const Architecture& model = *spec.model;
  const double tensor = spec.layout.tensor;
  double qkv_width = 0;
  if (layer.attention.heads > 0) {
    qkv_width =
        model.latent
            ? (model.heads / tensor) * QueryKeyHeadDim(model) + model.latent->kv_lora_rank
            : (model.heads / tensor + 2 * std::max(1.0, model.kv_heads / tensor)) * model.head_dim;
  }
  // What is written in the narrow format right away: both norms' results, the activation's.
  const NumberFormat format =
      RunnableFormat(*device.accelerator, spec.precision.products).activations;
  const double saved = IsNarrow(format.dtype) && FusesCast(*spec.engine, format)
                           ? kWideBytes - StoredBytes(format)
                           : 0.0;
  // With a sum over ranks in between, q and k are read twice.
  const double head_norms =
      model.qk_norm ? (SumsHeadNorms(spec) ? 3 : 2) * kWideBytes * layer.query_key_elements : 0.0;
  const double gated =
      GatedAttention(model, layer) ? layer.tokens * (model.heads / tensor) * model.head_dim : 0.0;
  // An engine's norms and residuals are those of a layer with two blocks.
  const double norms = layer.blocks / 2.0 * (traffic.hidden - 2 * saved);
  const Bytes bytes(layer.hidden_elements * (norms + 2 * kWideBytes * layer.extra_hidden_passes) +
                    layer.tokens * qkv_width * traffic.attention +
                    layer.ffn_elements * (traffic.ffn - saved / (model.gated_ffn ? 1.5 : 1.0)) +
                    head_norms + kGateBytes * gated);
  const double kernels = traffic.kernels + KernelsOfKind(spec, layer);
  return StreamTime(device, bytes) + device.kernels->stream_start_up * std::max(0.0, kernels - 1);
}

// Engines' own kernels take no more: TensorRT-LLM's workspace (max_workspace_size_auto), and near
// it the 8 MiB of vLLM's and SGLang's custom all-reduce.
Bytes MostOfOwnKernels(int ranks) { return Bytes(ranks <= 2 ? 16e6 : 8e6); }

Seconds AllReduceTime(const InstanceHardware& hardware, int ranks, Bytes bytes) {
  if (ranks == 1) return Seconds(0);
  GroupPlacement group = hardware.Group(ranks);
  if (bytes > MostOfOwnKernels(ranks)) group.local.engine_kernels = false;
  return CollectiveTime(CollectiveKind::kAllReduce, bytes, group);
}

// After attention, and after a block whose ranks hold parts of one sum: with attention replicas a
// layer of experts ends in an exchange instead (expert_times.h).
Seconds LayerCollectives(const InstanceSpec& spec, const InstanceHardware& hardware, double tokens,
                         int blocks, bool experts) {
  const Bytes bytes(tokens * spec.model->hidden * kWideBytes);
  const bool exchanges = experts && spec.layout.attention_data > 1;
  Seconds time =
      AllReduceTime(hardware, spec.layout.tensor, bytes) * (blocks - (exchanges ? 1.0 : 0.0));
  if (SumsHeadNorms(spec)) {
    time += AllReduceTime(hardware, spec.layout.tensor, Bytes(tokens * kHeadNormBytes));
  }
  return time;
}

KernelTimes LayerTimes(const InstanceSpec& spec, const InstanceHardware& hardware, int layer,
                       double tokens) {
  const LayerShard shard{.sequences = 1, .sequence_length = tokens, .tensor = spec.layout.tensor};
  LayerOperators operators = ForwardOperators(*spec.model, layer, shard);
  const bool experts = HasExperts(*spec.model, layer);
  // What routed experts touch is part of their own kernels.
  if (experts) {
    const Experts& shape = *spec.model->experts;
    operators.ffn_elements = tokens * shape.shared * shape.shared_ffn / spec.layout.tensor *
                             (spec.model->gated_ffn ? 1.5 : 1.0);
  }
  KernelTimes times;
  AddProducts(spec, hardware.device, operators, times);
  times.memory += ElementwiseTime(spec, hardware.device, operators);
  times.communication += LayerCollectives(spec, hardware, tokens, operators.blocks, experts);
  return times;
}

}  // namespace

LayerCounts CountLayers(const Architecture& model) {
  LayerCounts counts;
  counts.layers = model.layers;
  for (int layer = 0; layer < model.layers; ++layer) {
    const LayerKind kind = KindOf(model, layer);
    counts.dense += kind.block == Block::kDense;
    counts.expert += kind.block == Block::kExperts;
    counts.recurrent += kind.mixer == Mixer::kRecurrence;
    counts.indexers += kind.indexer;
    if (kind.mixer == Mixer::kAttention) {
      ++(kind.window > 0 ? counts.windowed : kind.selected > 0 ? counts.sparse : counts.full);
    }
    const auto same = [&](const LayerGroup& group) { return group.kind == kind; };
    auto group = std::find_if(counts.groups.begin(), counts.groups.end(), same);
    if (group == counts.groups.end()) {
      group = counts.groups.insert(group, {.kind = kind, .first = layer, .count = 0});
    }
    ++group->count;
  }
  return counts;
}

bool RoundsApart(const InstanceSpec& spec, const Device& device) {
  return Rounds(spec, RunnableFormat(*device.accelerator, spec.precision.products));
}

KernelTimes SharedLayerTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                             double tokens) {
  KernelTimes times;
  for (const LayerGroup& group : CountLayers(*spec.model).groups) {
    times += group.count * LayerTimes(spec, hardware, group.first, tokens);
  }
  const LayerShard shard{.sequences = 1, .sequence_length = tokens};
  times.memory += StreamTime(hardware.device, EmbeddingTraffic(*spec.model, shard, kWideBytes));
  return times;
}

KernelTimes FurtherTokenTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                              double tokens) {
  return LayerTimes(spec, hardware, spec.model->layers, tokens);
}

KernelTimes HeadTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                      double sequences) {
  const Architecture& model = *spec.model;
  const int tensor = spec.layout.tensor;
  const double vocab = PaddedVocab(model, tensor);
  KernelTimes times;
  const GemmOp head{
      "head", {sequences, vocab / tensor, static_cast<double>(model.hidden)}, Split::kColumn, true};
  AddProduct(spec, hardware.device, head, false, times);
  times.memory += StreamTime(hardware.device, Bytes(sequences * vocab * kSamplingBytes));
  if (tensor > 1) {
    times.communication += CollectiveTime(
        CollectiveKind::kAllGather, Bytes(sequences * vocab * kWideBytes), hardware.Group(tensor));
  }
  return times;
}

KernelTimes LatentExpansionTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                 double tokens) {
  const LatentAttention& latent = *spec.model->latent;
  const double width = static_cast<double>(spec.model->heads) / spec.layout.tensor *
                       (latent.qk_nope_head_dim + latent.v_head_dim);
  KernelTimes times;
  const GemmOp up{"kv_up", {tokens, width, static_cast<double>(latent.kv_lora_rank)}};
  AddProduct(spec, hardware.device, up, true, times);
  return static_cast<double>(AttentionLayers(*spec.model)) * times;
}

KernelTimes LatentAbsorptionTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                  double tokens) {
  const LatentAttention& latent = *spec.model->latent;
  const double heads = static_cast<double>(spec.model->heads) / spec.layout.tensor;
  const double rank = latent.kv_lora_rank;
  // Batched over heads, in 16 bits: the expansion is kept apart for each head.
  const ProductFormat wide =
      RunnableFormat(*hardware.device.accelerator, {spec.WideType(), spec.WideType()});
  const double nope = latent.qk_nope_head_dim, value = latent.v_head_dim;
  KernelTimes times;
  times.AddMatrix(ServingGemm(hardware.device, wide, {tokens, rank, nope, heads}));
  times.AddMatrix(ServingGemm(hardware.device, wide, {tokens, value, rank, heads}));
  return static_cast<double>(AttentionLayers(*spec.model)) * times;
}

}  // namespace fleetsim
