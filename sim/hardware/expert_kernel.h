// How a library of expert kernels moves tokens over one kind of link; plain struct.
#ifndef SIM_HARDWARE_EXPERT_KERNEL_H_
#define SIM_HARDWARE_EXPERT_KERNEL_H_

#include "sim/base/units.h"

namespace fleetsim {

// Whose kernels move the tokens, and with that how many copies of a token travel.
enum class ExpertLibrary {
  kCollective,  // the collective library's all-to-all: one copy for each expert of a token
  // DeepEP's kernels for training and prefill: one copy to each host that has experts of the token,
  // passed on to each rank there; they occupy some processors of the accelerator.
  kNormal,
  kLowLatency,  // DeepEP's kernels for decode: one copy for each expert, straight to its rank
  kOneSided,    // stores into the peers' memory (TensorRT-LLM): one copy for each rank
};

enum class ExpertPhase { kDispatch, kCombine };

// See proto/catalog.proto, ExpertKernel.
struct ExpertKernel {
  ExpertLibrary library = ExpertLibrary::kNormal;
  ExpertPhase phase = ExpertPhase::kDispatch;
  Seconds latency, host_latency;  // the second for each doubling of the hosts
  Seconds token, copy;
  BytesPerSecond processor_bandwidth;  // zero: no limit
  double efficiency = 1.0;             // of the scale-up bandwidth
  double network_copies = 1.0;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_EXPERT_KERNEL_H_
