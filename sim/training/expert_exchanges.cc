#include "sim/training/expert_exchanges.h"

namespace fleetsim {
namespace {

// Combined results and gradients travel in 16 bits.
constexpr double kCombineBytes = 2.0;

ExpertExchanges Exchanges(const TrainingSpec& spec, int layer, double dispatch_bytes) {
  if (spec.strategy.expert <= 1 || !HasExperts(*spec.model, layer)) return {};
  const LayerOperators operators = ForwardOperators(*spec.model, layer, spec.Shard());
  const double elements = operators.dispatched_elements * spec.strategy.expert_load;
  return {2, Bytes(elements * (dispatch_bytes + kCombineBytes))};
}

}  // namespace

ExpertExchanges ForwardExchanges(const TrainingSpec& spec, int layer) {
  return Exchanges(spec, layer, spec.stack->dispatch_element_bytes);
}

ExpertExchanges BackwardExchanges(const TrainingSpec& spec, int layer) {
  ExpertExchanges exchanges = Exchanges(spec, layer, kCombineBytes);
  if (spec.recompute == Recompute::kFull) {
    const ExpertExchanges again = ForwardExchanges(spec, layer);
    exchanges.bytes += again.bytes * spec.recomputed_layers;
    exchanges.count += again.count;
  }
  return exchanges;
}

}  // namespace fleetsim
