// What mixes tokens in a step beside attention: recurrences with a state of constant size, and the
// indexers of sparse attention. On one attention rank, all layers together. Formulas:
// docs/serving.md, "A step".
#ifndef SIM_SERVING_MIXER_TIMES_H_
#define SIM_SERVING_MIXER_TIMES_H_

#include "sim/serving/attention_times.h"

namespace fleetsim {

// Recurrences over `tokens` of prompts, computed in chunks, and of `sequences` that decode: each
// reads and writes its state.
KernelTimes PromptRecurrenceTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                  double tokens);
KernelTimes DecodeRecurrenceTimes(const InstanceSpec& spec, const InstanceHardware& hardware,
                                  double sequences);

// Scores of all keys before a query with every head of the indexer, and the choice of the best.
// Projections are products of the layer (layer_times.h).
KernelTimes PromptIndexTimes(const InstanceSpec& spec, const Device& device,
                             const LayerCounts& layers, const PrefillWork& work);
KernelTimes DecodeIndexTimes(const InstanceSpec& spec, const Device& device,
                             const LayerCounts& layers, const DecodeWork& work);

}  // namespace fleetsim

#endif  // SIM_SERVING_MIXER_TIMES_H_
