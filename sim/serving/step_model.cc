#include "sim/serving/step_model.h"

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"
#include "sim/serving/expert_times.h"
#include "sim/serving/launches.h"
#include "sim/serving/mixer_times.h"

namespace fleetsim {
namespace {

constexpr double kWideBytes = 2;
// Prompts that are not cut can be much longer than the token budget.
constexpr double kTableTokens = 131072;

double Items(const StepLoad& load) {
  return static_cast<double>(load.decodes) + static_cast<double>(load.prefill.size());
}

// One layer of the model's usual attention, for a further-token module.
LayerCounts OneLayer(const LayerCounts& layers) {
  LayerCounts one;
  one.dense = 1;
  one.layers = 1;
  (layers.full > 0 ? one.full : layers.sparse > 0 ? one.sparse : one.windowed) = 1;
  one.indexers = one.sparse;
  return one;
}

InstanceHardware WithKernelsOf(const ServingEngine& engine, InstanceHardware hardware) {
  hardware.links.engine_kernels = engine.own_all_reduce;
  hardware.device.serving = engine.kernels;
  return hardware;
}

}  // namespace

InstanceModel::InstanceModel(const InstanceSpec& spec, const InstanceHardware& hardware)
    : spec_(spec),
      hardware_(WithKernelsOf(*spec.engine, hardware)),
      layers_(CountLayers(*spec.model)),
      launches_(LaunchesOf(spec_, hardware_.device)),
      recorded_launches_(RecordedLaunchesOf(spec_)) {
  const double draft = 1.0 + spec_.DraftTokens();
  const double most = std::max(
      {kTableTokens, 1.0 * spec_.options.token_budget, spec_.options.max_sequences * draft});
  const auto table = [&](double tokens, auto function) {
    return TokenTable(tokens, [&](double count) { return function(spec_, hardware_, count); });
  };
  shared_ = table(most, SharedLayerTimes);
  head_ = table(spec_.options.max_sequences * draft, HeadTimes);
  if (spec_.model->latent) {
    expansion_ = table(most, LatentExpansionTimes);
    absorption_ = table(spec_.options.max_sequences * draft, LatentAbsorptionTimes);
  }
  if (layers_.recurrent > 0) {
    prompt_recurrence_ = table(most, PromptRecurrenceTimes);
    decode_recurrence_ = table(spec_.options.max_sequences, DecodeRecurrenceTimes);
  }
  if (spec_.speculation) further_ = table(most, FurtherTokenTimes);
  if (layers_.expert == 0) return;
  experts_ = table(most * spec_.layout.attention_data, ExpertTimes);
  if (spec_.layout.attention_data == 1) return;
  const auto exchange = [&](bool decode) {
    return TokenTable(most, [this, decode](double tokens) {
      return ExpertExchangeTimes(spec_, hardware_, tokens, decode);
    });
  };
  prompt_exchange_ = exchange(false);
  decode_exchange_ = exchange(true);
}

double InstanceModel::TokensPerDecode() const {
  return spec_.speculation ? spec_.speculation->accepted_tokens : 1.0;
}

// Chunks become equal ones with the same query-key pairs: n (q past + q^2 / 2) in all.
InstanceModel::RankPart InstanceModel::PartOf(const StepLoad& load, double pieces) const {
  RankPart part;
  double pairs = 0;
  for (const PrefillChunk& chunk : load.prefill) {
    const double tokens = chunk.tokens;
    part.prompt_tokens += tokens;
    pairs += tokens * (chunk.past + tokens / 2);
  }
  part.chunks = static_cast<double>(load.prefill.size());
  if (part.prompt_tokens > 0) {
    const double mean = part.prompt_tokens / part.chunks;
    part.past = std::max(0.0, (pairs / part.chunks - mean * mean / 2) / mean);
  }
  if (load.decodes > 0) {
    part.context = static_cast<double>(load.decode_context) / load.decodes;
  }
  part.prompt_tokens /= pieces;
  part.chunks /= pieces;
  part.decodes = load.decodes / pieces;
  part.query_tokens = 1.0 + spec_.DraftTokens();
  return part;
}

// A part has whole chunks and sequences: what is less than one stands for every n-th.
KernelTimes InstanceModel::AttentionTimes(const LayerCounts& layers, const RankPart& part,
                                          double pieces) const {
  const Device& device = hardware_.device;
  KernelTimes times;
  if (part.prompt_tokens > 0) {
    const PrefillWork prompts{part.chunks * pieces, part.prompt_tokens / part.chunks, part.past};
    times += 1.0 / pieces * PrefillAttentionTimes(spec_, device, layers, prompts);
    times += 1.0 / pieces * PromptIndexTimes(spec_, device, layers, prompts);
  }
  if (part.decodes > 0) {
    const DecodeWork decodes{std::max(1.0, part.decodes), part.context, part.query_tokens};
    const double share = std::min(1.0, part.decodes);
    times += share * DecodeAttentionTimes(spec_, device, layers, decodes);
    times += share * DecodeIndexTimes(spec_, device, layers, decodes);
  }
  return times;
}

KernelTimes InstanceModel::RankTimes(const RankPart& part, double pieces) const {
  KernelTimes times = shared_.At(part.Tokens());
  times += AttentionTimes(layers_, part, pieces);
  times += head_.At(part.decodes * part.query_tokens + part.chunks);
  if (spec_.model->latent) {
    times += expansion_.At(part.prompt_tokens + part.chunks * part.past);
    times += absorption_.At(part.decodes * part.query_tokens);
  }
  if (layers_.recurrent > 0) {
    times += prompt_recurrence_.At(part.prompt_tokens);
    times += decode_recurrence_.At(part.decodes);
  }
  if (!spec_.speculation) return times;
  // Prompts fill the further-token module's cache; each draft token is a pass of its own.
  const double drafts = spec_.DraftTokens();
  RankPart pass = part;
  pass.query_tokens = 1;
  times += further_.At(part.prompt_tokens);
  times += drafts * further_.At(part.decodes);
  times += drafts * head_.At(part.decodes);
  times += drafts * AttentionTimes(OneLayer(layers_), pass, pieces);
  return times;
}

KernelTimes InstanceModel::ExpertLayers(const RankPart& busiest, double all_tokens,
                                        bool decode) const {
  KernelTimes times;
  if (layers_.expert == 0) return times;
  const TokenTable& exchange = decode ? decode_exchange_ : prompt_exchange_;
  times += experts_.At(all_tokens);
  times += exchange.At(busiest.Tokens());
  times = layers_.expert * times;
  if (!spec_.speculation) return times;
  const double share = (busiest.prompt_tokens + busiest.decodes) / busiest.Tokens();
  KernelTimes further = experts_.At(all_tokens * share);
  further += exchange.At(busiest.Tokens() * share);
  times += spec_.DraftTokens() * further;
  return times;
}

// One hidden vector a token, in equal parts from the tensor ranks of one stage to those of the
// next.
Seconds InstanceModel::TransferTime(double tokens) const {
  const double stages = spec_.layout.pipeline;
  if (stages == 1) return Seconds(0);
  const Bytes bytes(tokens * spec_.model->hidden * kWideBytes);
  const double stage = spec_.layout.StageAccelerators();
  const double domain = hardware_.links.domain_accelerators;
  const Seconds inside = LocalTransferTime(bytes / spec_.layout.tensor, hardware_.links);
  // Stages of whole hosts: every transfer crosses; several stages a host: one in so many.
  const double hosts = std::ceil(stages * stage / domain);
  const double crossings = std::min(stages, hosts) - 1;
  if (crossings == 0) return inside * (stages - 1);
  const Fabric& fabric = *hardware_.scale_out;
  const BytesPerSecond rate = hardware_.nic_bandwidth * fabric.point_to_point_efficiency *
                              std::min(1.0, spec_.layout.tensor / domain);
  const Seconds across = fabric.base_latency + hardware_.hop_latency + bytes / rate;
  return across * crossings + inside * (stages - 1 - crossings);
}

Seconds InstanceModel::HostTime(const std::vector<StepLoad>& ranks) const {
  const EngineHost& host = spec_.engine->host;
  Seconds slowest;
  for (const StepLoad& load : ranks) {
    slowest = Max(slowest, host.per_step + host.per_sequence * Items(load) +
                               host.per_request * (load.begun + load.ended));
  }
  return slowest / hardware_.host_speed;
}

// Steps from recorded graphs are launched at once, or piece by piece with attention between; the
// others take the host so long.
Seconds InstanceModel::LaunchTime(const RankPart& busiest, bool decode) const {
  const EngineHost& host = spec_.engine->host;
  const bool recorded =
      decode ? busiest.decodes <= host.graph_sequences : busiest.Tokens() <= host.graph_tokens;
  const double launches = recorded ? recorded_launches_ : launches_;
  return host.per_launch * (launches / hardware_.host_speed);
}

// Products draw between streaming and full power by how busy they keep the matrix units. A step
// occupies each accelerator of a pipeline for a stage's part of its duration: other steps are in
// the other stages meanwhile.
Joules InstanceModel::Energy(const KernelTimes& kernels, Seconds duration) const {
  const auto watts = [this](Activity activity) {
    return hardware_.power[static_cast<int>(activity)];
  };
  const Seconds core = kernels.matrix + kernels.attention;
  const double load = core > Seconds(0) ? std::clamp(kernels.arithmetic / core, 0.0, 1.0) : 0.0;
  const auto loaded = [&](Activity full) {
    return watts(Activity::kMemory) + (watts(full) - watts(Activity::kMemory)) * load;
  };
  const Joules busy = kernels.matrix * loaded(Activity::kMatrix) +
                      kernels.attention * loaded(Activity::kAttention) +
                      kernels.memory * watts(Activity::kMemory) +
                      kernels.communication * watts(Activity::kNetwork);
  const Seconds waiting = Max(Seconds(0), duration - kernels.Total());
  return (busy + waiting * watts(Activity::kIdle)) *
         static_cast<double>(spec_.layout.StageAccelerators());
}

InstanceModel::Pass InstanceModel::PassOf(const std::vector<StepLoad>& ranks, double pieces) const {
  Pass pass;
  for (const StepLoad& load : ranks) {
    if (load.Empty()) continue;
    const RankPart part = PartOf(load, pieces);
    const KernelTimes times = RankTimes(part, pieces);
    pass.all_tokens += part.Tokens();
    pass.decode = pass.decode && load.prefill.empty();
    if (times.Total() < pass.kernels.Total()) continue;
    pass.kernels = times;
    pass.busiest = part;
  }
  if (pass.all_tokens <= 0) return pass;
  KernelTimes experts = ExpertLayers(pass.busiest, pass.all_tokens, pass.decode);
  pass.exchange = experts.communication;
  experts.communication = Seconds(0);
  pass.kernels += experts;
  pass.kernels.communication += TransferTime(pass.busiest.Tokens());
  return pass;
}

// In one piece, or in two halves of which one computes while the other's tokens are on their way
// to experts and back (DeepSeek-V3, arXiv 2412.19437, section 3.4), whichever is faster.
InstanceModel::Pass InstanceModel::BestPass(const std::vector<StepLoad>& ranks) const {
  Pass whole = PassOf(ranks, 1);
  double items = 0;
  for (const StepLoad& load : ranks) items = std::max(items, Items(load));
  if (!spec_.engine->two_batch_overlap || whole.exchange == Seconds(0) || items < 2) {
    return whole;
  }
  const Pass half = PassOf(ranks, 2);
  const KernelTimes both = 2 * half.kernels;
  const Seconds exposed = Max(Seconds(0), 2 * half.exchange - both.Total());
  if (both.Total() + exposed >= whole.kernels.Total() + whole.exchange) return whole;
  whole.kernels = both;
  whole.exchange = exposed;
  return whole;
}

// Steps follow each other through the stages: the one with most layers sets the pace for all.
StepCost InstanceModel::CostOf(const Pass& pass, Seconds host) const {
  KernelTimes kernels = pass.kernels;
  kernels.communication += pass.exchange;
  kernels.Settle(hardware_.device.kernels->settled_clock);
  const double layers = layers_.layers, stages = spec_.layout.pipeline;
  const double scale = stages * std::ceil(layers / stages) / layers;
  const Seconds device = scale * Max(kernels.Total(), LaunchTime(pass.busiest, pass.decode));
  const bool overlaps = spec_.engine->host.overlaps || stages > 1;
  StepCost cost;
  cost.duration = overlaps ? Max(device, host) : device + host;
  const Seconds parts[] = {kernels.matrix, kernels.attention, kernels.memory,
                           kernels.communication};
  Seconds& waiting = cost.parts[static_cast<int>(StepPart::kHost)];
  waiting = cost.duration;
  for (int i = 0; i < 4; ++i) {
    cost.parts[i] = parts[i] * scale;
    waiting -= cost.parts[i];
  }
  cost.arithmetic = kernels.arithmetic * scale;
  cost.reading = kernels.reading * scale;
  cost.energy = Energy(kernels, cost.duration);
  return cost;
}

StepCost InstanceModel::Cost(const std::vector<StepLoad>& ranks) const {
  const Pass pass = BestPass(ranks);
  if (pass.all_tokens <= 0) return {};
  return CostOf(pass, HostTime(ranks));
}

}  // namespace fleetsim
