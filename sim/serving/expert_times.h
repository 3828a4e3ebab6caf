// Routed experts of an instance: their kernels, and how tokens reach them.
#ifndef SIM_SERVING_EXPERT_TIMES_H_
#define SIM_SERVING_EXPERT_TIMES_H_

#include "sim/serving/instance_spec.h"
#include "sim/serving/kernel_times.h"

namespace fleetsim {

// Routed experts of one layer on the busiest rank, `tokens` of all attention replicas together.
KernelTimes ExpertTimes(const InstanceSpec& spec, const InstanceHardware& hardware, double tokens);

// Dispatch and combine of one layer between attention replicas, of `tokens` each; nothing with one
// replica, where every rank has all tokens and a sum ends the layer. `decode`: the step has no
// prompts, and kernels made for decodes may be taken.
KernelTimes ExpertExchangeTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                double tokens, bool decode);

}  // namespace fleetsim

#endif  // SIM_SERVING_EXPERT_TIMES_H_
