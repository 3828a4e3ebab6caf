// What one accelerator's memory holds under a parallel strategy.
#ifndef SIM_PARALLEL_MEMORY_USE_H_
#define SIM_PARALLEL_MEMORY_USE_H_

#include "sim/base/units.h"

namespace fleetsim {

// Bytes on one accelerator of the fullest pipeline stage.
struct MemoryUse {
  Bytes weights;
  Bytes gradients;
  Bytes optimizer;
  Bytes activations;  // kept for the backward pass, all micro-batches in flight
  Bytes working;      // largest transient: logits, recomputed layer, gathered weights
  Bytes reserved;     // context, library workspaces, communicator buffers
  Bytes slack;        // allocator fragmentation
  int stage = 0;      // the fullest pipeline stage
  Bytes Total() const {
    return weights + gradients + optimizer + activations + working + reserved + slack;
  }
};

}  // namespace fleetsim

#endif  // SIM_PARALLEL_MEMORY_USE_H_
