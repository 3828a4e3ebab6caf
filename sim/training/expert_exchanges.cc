#include "sim/training/expert_exchanges.h"

#include <algorithm>
#include <cmath>

#include "sim/collective/expert.h"

namespace fleetsim {
namespace {

// Combined results and gradients travel in 16 bits.
constexpr double kCombineBytes = 2.0;

ExpertExchanges Exchanges(const TrainingSpec& spec, int layer, double dispatch_bytes) {
  if (spec.strategy.expert <= 1 || !HasExperts(*spec.model, layer)) return {};
  return {1.0, dispatch_bytes};
}

ExpertLibrary LibraryOn(const SoftwareStack& stack, const DomainLinks& links) {
  for (ExpertLibrary library : stack.expert_libraries) {
    if (ServesExperts(library, links)) return library;
  }
  return ExpertLibrary::kCollective;
}

}  // namespace

ExpertExchanges ForwardExchanges(const TrainingSpec& spec, int layer) {
  return Exchanges(spec, layer, spec.stack->dispatch_element_bytes);
}

ExpertExchanges BackwardExchanges(const TrainingSpec& spec, int layer) {
  ExpertExchanges exchanges = Exchanges(spec, layer, kCombineBytes);
  const bool names_experts = spec.recompute == Recompute::kSelective && spec.modules.experts;
  if (spec.recompute == Recompute::kFull || names_experts) {
    ExpertExchanges again = ForwardExchanges(spec, layer);
    again.layers *= spec.recomputed_layers;
    again.dispatch_bytes *= spec.recomputed_layers;
    exchanges += again;
  }
  return exchanges;
}

bool HostWaitsForExchange(const TrainingSpec& spec, const DomainLinks& links) {
  return LibraryOn(*spec.stack, links) != ExpertLibrary::kCollective;
}

std::vector<CollectiveSpec> ExchangeSpecs(const TrainingSpec& spec, const DomainLinks& links,
                                          const ExpertExchanges& exchanges, double share) {
  if (exchanges.layers == 0.0 || share <= 0.0) return {};
  const Experts& experts = *spec.model->experts;
  const double hidden = ExpertWidth(*spec.model);
  const double tokens = spec.Shard().Tokens() / spec.strategy.tensor;
  ExpertExchange exchange{.library = LibraryOn(*spec.stack, links),
                          .tokens = tokens * exchanges.layers * share,
                          .experts = experts.experts,
                          .experts_per_token = experts.per_token,
                          // Groups of experts are hosts (DeepSeek-V3, arXiv 2412.19437, 2.1.2).
                          .hosts_per_token = experts.groups_per_token,
                          .imbalance = spec.strategy.expert_load};
  std::vector<CollectiveSpec> specs;
  for (const ExpertPhase phase : {ExpertPhase::kDispatch, ExpertPhase::kCombine}) {
    const double element = phase == ExpertPhase::kDispatch
                               ? exchanges.dispatch_bytes / exchanges.layers
                               : kCombineBytes;
    exchange.phase = phase;
    exchange.token = Bytes(hidden * element);
    specs.push_back({.kind = CollectiveKind::kAllToAll,
                     .bytes = exchange.token * (exchange.tokens * experts.per_token),
                     .waiting = Part::kExpertExposed,
                     .repeats = std::max(1, static_cast<int>(std::lround(exchanges.layers))),
                     .exchange = exchange});
  }
  return specs;
}

double SlowdownBeside(const TrainingSpec& spec, const WorkerHardware& hardware,
                      const ExpertExchanges& exchanges) {
  const double units = hardware.device.accelerator->compute_units;
  const double taken = ExpertExchange().processors;
  const bool takes =
      exchanges.layers > 0.0 && LibraryOn(*spec.stack, hardware.links) == ExpertLibrary::kNormal;
  return takes && units > 2 * taken ? units / (units - taken) : 1.0;
}

}  // namespace fleetsim
