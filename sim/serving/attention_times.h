// The attention cores of a step on one attention rank, all layers together.
#ifndef SIM_SERVING_ATTENTION_TIMES_H_
#define SIM_SERVING_ATTENTION_TIMES_H_

#include "sim/serving/instance_spec.h"
#include "sim/serving/kernel_times.h"
#include "sim/serving/layer_times.h"

namespace fleetsim {

// Prompts of a step as equal ones with the same number of query tokens and of query-key pairs.
struct PrefillWork {
  double chunks = 0, tokens = 0, past = 0;  // of one chunk: query tokens, and cached before them
};
// Sequences that decode, with `query_tokens` each (drafts included).
struct DecodeWork {
  double sequences = 0, context = 0;  // mean cached tokens of one
  double query_tokens = 1;
};

KernelTimes PrefillAttentionTimes(const InstanceSpec& spec, const Device& device,
                                  const LayerCounts& layers, const PrefillWork& work);
KernelTimes DecodeAttentionTimes(const InstanceSpec& spec, const Device& device,
                                 const LayerCounts& layers, const DecodeWork& work);

}  // namespace fleetsim

#endif  // SIM_SERVING_ATTENTION_TIMES_H_
