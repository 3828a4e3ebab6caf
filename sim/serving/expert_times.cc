#include "sim/serving/expert_times.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/collective/expert.h"
#include "sim/model/expert_popularity.h"

namespace fleetsim {
namespace {

constexpr double kWideBytes = 2;

// The library that the engine would take here. Kernels for experts need each expert whole on one
// rank; without them, replicas gather all tokens and scatter the sums.
ExpertLibrary LibraryFor(const InstanceSpec& spec, const InstanceHardware& hardware, bool decode) {
  if (spec.layout.expert == 1 || spec.layout.ExpertTensor() > 1) return ExpertLibrary::kCollective;
  if (decode && spec.engine->low_latency_experts &&
      ServesExperts(ExpertLibrary::kLowLatency, hardware.links)) {
    return ExpertLibrary::kLowLatency;
  }
  for (const ExpertLibrary library : spec.engine->expert_libraries) {
    if (ServesExperts(library, hardware.links)) return library;
  }
  return ExpertLibrary::kCollective;
}

// Bytes of one token on its way to an expert: narrow activations travel narrow, with their scales.
Bytes DispatchedToken(const InstanceSpec& spec) {
  const NumberFormat format = spec.precision.experts.activations;
  const double element = IsNarrow(format.dtype) ? StoredBytes(format) : kWideBytes;
  return Bytes(spec.model->hidden * element);
}

Seconds GatherAndScatter(const InstanceSpec& spec, const GroupPlacement& group, double tokens) {
  const double all = tokens * spec.layout.attention_data;
  return CollectiveTime(CollectiveKind::kAllGather, DispatchedToken(spec) * all, group) +
         CollectiveTime(CollectiveKind::kReduceScatter,
                        Bytes(all * spec.model->hidden * kWideBytes), group);
}

BusiestRank BusiestAt(const Experts& experts, const ServingLayout& layout, double tokens) {
  return BusiestOf(layout.expert, TokensOfExperts(experts.experts, experts.per_token, tokens,
                                                  PopularityExponent(experts, layout)));
}

// What the busiest rank gets of `tokens`.
void SetLoad(const Experts& experts, const ServingLayout& layout, double tokens,
             ExpertShape& shape) {
  if (PopularityExponent(experts, layout) > 0) {
    BusiestRank busiest = BusiestAt(experts, layout, tokens);
    shape.copies = busiest.copies;
    shape.touched = busiest.touched;
    shape.groups = std::move(busiest.groups);
    shape.layers = busiest.layers;
    return;
  }
  const double mean = tokens * experts.per_token / layout.expert;
  shape.copies =
      std::max(BusiestRankCopies(mean, layout.expert), mean * layout.expert_load.value_or(1));
  shape.touched = DistinctExperts(shape.experts, shape.copies);
}

// Tokens of the busiest rank over the mean, of `tokens` in all.
double LoadOf(const Experts& experts, const ServingLayout& layout, double tokens) {
  if (PopularityExponent(experts, layout) == 0) return layout.expert_load.value_or(1);
  const double mean = std::round(tokens * experts.per_token) / layout.expert;
  return mean > 0 ? BusiestAt(experts, layout, tokens).copies / mean : 1;
}

}  // namespace

KernelTimes ExpertTimes(const InstanceSpec& spec, const InstanceHardware& hardware, double tokens) {
  const Experts& experts = *spec.model->experts;
  const ServingLayout& layout = spec.layout;
  ExpertShape shape;
  shape.hidden = spec.model->hidden;
  shape.inter = static_cast<double>(experts.ffn) / layout.ExpertTensor();
  shape.experts = static_cast<double>(experts.experts + layout.redundant_experts) / layout.expert;
  SetLoad(experts, layout, tokens, shape);
  // Without kernels that send each rank its own, all ranks look at the copies of all tokens. What
  // DeepEP has sorted is multiplied by DeepGEMM, whatever the engine runs otherwise.
  Device device = hardware.device;
  if (layout.attention_data == 1 ||
      LibraryFor(spec, hardware, false) == ExpertLibrary::kCollective) {
    shape.routed = tokens * experts.per_token;
  } else {
    device.serving = KernelLibrary::kAny;
  }
  shape.gated = spec.model->gated_ffn;
  const ProductFormat format = RunnableFormat(*hardware.device.accelerator, spec.precision.experts);
  KernelTimes times;
  times.AddMatrix(ExpertLayer(device, format, shape));
  return times;
}

KernelTimes ExpertExchangeTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                double tokens, bool decode) {
  const ServingLayout& layout = spec.layout;
  KernelTimes times;
  if (layout.attention_data == 1 || tokens == 0) return times;
  const GroupPlacement group = hardware.Group(layout.StageAccelerators());
  const ExpertLibrary library = LibraryFor(spec, hardware, decode);
  if (library == ExpertLibrary::kCollective) {
    times.communication += GatherAndScatter(spec, group, tokens);
    return times;
  }
  const Experts& experts = *spec.model->experts;
  ExpertExchange exchange;
  exchange.library = library;
  // The tensor ranks of a replica hold the same tokens and send a part each.
  exchange.tokens = tokens / layout.tensor;
  exchange.token = DispatchedToken(spec);
  exchange.experts = experts.experts + layout.redundant_experts;
  exchange.experts_per_token = experts.per_token;
  exchange.imbalance = LoadOf(experts, layout, tokens * layout.attention_data);
  times.communication += CollectiveTime(PlanExpertExchange(exchange, group));
  exchange.phase = ExpertPhase::kCombine;
  exchange.token = Bytes(spec.model->hidden * kWideBytes);
  times.communication += CollectiveTime(PlanExpertExchange(exchange, group));
  return times;
}

}  // namespace fleetsim
