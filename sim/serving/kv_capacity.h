// What the memory of an instance's accelerators holds: weights, workspace, engine, and the cache in
// what is left.
#ifndef SIM_SERVING_KV_CAPACITY_H_
#define SIM_SERVING_KV_CAPACITY_H_

#include <cstdint>

#include "sim/base/status.h"
#include "sim/serving/instance_spec.h"

namespace fleetsim {

// Bytes that sequences take on one accelerator. Layers with a window keep `window` tokens of a
// sequence at most, recurrences a state.
struct CacheBytes {
  Bytes full, windowed;  // of a token, in all layers of either kind
  int window = 0;
  Bytes state;  // of a sequence

  // Mean over the tokens of a sequence of `tokens`; zero: one without end, with no window.
  Bytes PerToken(double tokens) const;
};
CacheBytes CacheBytesOf(const InstanceSpec& spec);

// On the accelerator of the instance that holds most (the first stage with most layers, or the last
// one with the loss head).
struct KvCapacity {
  Bytes memory;  // what software can allocate
  Bytes weights, workspace, reserved;
  Bytes cache;  // what is left of the engine's share
  Bytes per_token;
  std::int64_t blocks = 0;  // of one attention rank

  std::int64_t Tokens(int block_tokens) const { return blocks * block_tokens; }
};

// Weights on one accelerator of pipeline stage `stage`: layers in the formats of the job, embedding
// and loss head in 16 bits.
Bytes StageWeights(const InstanceSpec& spec, int stage);

// Largest transients of a step: activations of a full token budget, logits of all sequences.
Bytes Workspace(const InstanceSpec& spec);

// `sequence_tokens`: usual length of a sequence, for models with windows; zero: unknown. Infeasible
// where no block is left, with what takes the memory and the smallest change that fits.
absl::StatusOr<KvCapacity> KvCapacityOf(const InstanceSpec& spec, const Accelerator& accelerator,
                                        double sequence_tokens = 0);

}  // namespace fleetsim

#endif  // SIM_SERVING_KV_CAPACITY_H_
