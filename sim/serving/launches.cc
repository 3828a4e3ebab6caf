#include "sim/serving/launches.h"

#include "sim/serving/layer_times.h"

namespace fleetsim {
namespace {

// Shared experts: up-projection, activation, down-projection.
constexpr double kSharedExpertLaunches = 3;
// Second down- and up-projection, their norms, two that join the parts of queries and keys.
constexpr double kLatentLaunches = 6;
// Three projections, Hadamard transforms and rotation, rounding of queries and keys, cache, weights
// of the heads, scores, choice.
constexpr double kIndexerLaunches = 10;
// In place of rotation, cache and attention: second projection, split, convolution with its state
// read and written, decays, two norms, seven of the chunks, gate with norm
// (flash-linear-attention, ops/gated_delta_rule/chunk.py).
constexpr double kRecurrenceLaunches = 12;

// Inputs that kernels of their own round: of two products of each part, and of both up-projections
// from latents.
double RoundedInputs(const InstanceSpec& spec, const Device& device, const LayerKind& kind) {
  if (!RoundsApart(spec, device)) return 0;
  double inputs = kind.mixer == Mixer::kNone ? 0 : 2;
  if (kind.mixer == Mixer::kAttention && spec.model->latent) inputs += 2;
  const bool shared = kind.block == Block::kExperts && spec.model->experts->shared > 0;
  if (kind.block == Block::kDense || shared) inputs += 2;
  return inputs;
}

double LaunchesOfLayer(const InstanceSpec& spec, const Device& device, const LayerKind& kind) {
  double launches = spec.engine->host.launches_per_layer * kind.Blocks() / 2.0;
  if (kind.block == Block::kExperts) {
    launches += spec.engine->host.expert_launches_per_layer +
                (spec.model->experts->shared > 0 ? kSharedExpertLaunches : 0.0);
  }
  if (kind.mixer == Mixer::kRecurrence) launches += kRecurrenceLaunches;
  if (kind.mixer == Mixer::kAttention && spec.model->latent) launches += kLatentLaunches;
  if (kind.indexer) launches += kIndexerLaunches;
  return launches + RoundedInputs(spec, device, kind);
}

}  // namespace

double LaunchesOf(const InstanceSpec& spec, const Device& device) {
  double launches = 0;
  for (const LayerGroup& group : CountLayers(*spec.model).groups) {
    launches += group.count * LaunchesOfLayer(spec, device, group.kind);
  }
  return launches;
}

double RecordedLaunchesOf(const InstanceSpec& spec) {
  const double launches = spec.engine->host.recorded_launches_per_layer;
  if (launches == 0) return 0;
  return (launches + (spec.model->latent ? kLatentLaunches : 0.0)) * spec.model->layers;
}

}  // namespace fleetsim
