// Time of what mixes tokens in a layer between its projections: the attention core, an indexer that
// chooses its keys, or a recurrence computed in chunks.
#ifndef SIM_TRAINING_MIXER_COST_H_
#define SIM_TRAINING_MIXER_COST_H_

#include "sim/model/operators.h"
#include "sim/training/attention_cost.h"
#include "sim/training/spec.h"

namespace fleetsim {

PassKernels MixerForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                         const LayerOperators& operators);
PassKernels MixerBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                          const LayerOperators& operators);

}  // namespace fleetsim

#endif  // SIM_TRAINING_MIXER_COST_H_
