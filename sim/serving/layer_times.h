// Kernels and collectives of a model's layers on one accelerator of an instance, all layers
// together, as functions of how many tokens pass.
#ifndef SIM_SERVING_LAYER_TIMES_H_
#define SIM_SERVING_LAYER_TIMES_H_

#include <vector>

#include "sim/serving/instance_spec.h"
#include "sim/serving/kernel_times.h"

namespace fleetsim {

// Layers that cost the same.
struct LayerGroup {
  LayerKind kind;
  int first = 0, count = 0;
};

// Layers of a model by what a step does in them. A layer has at most one mixer of tokens and at
// most one feed-forward block.
struct LayerCounts {
  int dense = 0, expert = 0;               // feed-forward blocks
  int full = 0, windowed = 0, sparse = 0;  // attention: to all keys, to a window's, to chosen ones
  int indexers = 0;                        // that choose
  int recurrent = 0;
  int layers = 0;
  std::vector<LayerGroup> groups;

  int Attention() const { return full + windowed + sparse; }
};
LayerCounts CountLayers(const Architecture& model);

// Inputs of the layers' products are rounded to a narrow format by kernels of their own.
bool RoundsApart(const InstanceSpec& spec, const Device& device);

// Projections, dense feed-forward blocks, shared experts, routers, norms, quantisation of their
// inputs, and the all-reduces between tensor ranks, of all layers. `tokens` on one attention rank.
KernelTimes SharedLayerTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                             double tokens);

// One further-token module without its attention core and routed experts.
KernelTimes FurtherTokenTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                              double tokens);

// Loss head and sampling of one token for each of `sequences`.
KernelTimes HeadTimes(const InstanceSpec& spec, const InstanceHardware& hardware, double sequences);

// Latent attention: expanding `tokens` cached ones to keys and values, and absorbing the expansion
// into the queries and results of `tokens` decoding ones; all layers.
KernelTimes LatentExpansionTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                 double tokens);
KernelTimes LatentAbsorptionTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                  double tokens);

}  // namespace fleetsim

#endif  // SIM_SERVING_LAYER_TIMES_H_
