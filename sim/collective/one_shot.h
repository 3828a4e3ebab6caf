// The all-reduce kernels that inference engines bring along (vLLM, SGLang, TensorRT-LLM): every
// rank reads its peers' buffers directly.
#ifndef SIM_COLLECTIVE_ONE_SHOT_H_
#define SIM_COLLECTIVE_ONE_SHOT_H_

#include "sim/collective/algorithm.h"

namespace fleetsim {

bool EngineKernelServes(CollectiveKind kind, const DomainLinks& links);

// One shot: every rank reads every peer's whole buffer and reduces for itself.
WireDemand OneShotDemand(CollectiveKind kind, int ranks, Bytes bytes);

// Two shots: every rank reduces its share, then reads the others' shares.
WireDemand TwoShotDemand(CollectiveKind kind, int ranks, Bytes bytes);

}  // namespace fleetsim

#endif  // SIM_COLLECTIVE_ONE_SHOT_H_
