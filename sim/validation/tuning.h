// Fine-tuning as measured configurations state it.
#ifndef SIM_VALIDATION_TUNING_H_
#define SIM_VALIDATION_TUNING_H_

#include <string>
#include <vector>

#include "sim/inputs/cases_reader.h"
#include "sim/training/spec.h"

namespace fleetsim {

// What is trained and what fills the sequences; says in `rules` what the source leaves out. Does
// nothing for pre-training.
void SetTuning(const MeasuredCase& measured, TrainingSpec& spec, std::vector<std::string>& rules);

// Full recomputation of as many layers as a fine-tuning run needs to fit into `capacity`
// (Megatron's "block" method), where the source does not state recomputation.
void RecomputeToFit(Bytes capacity, TrainingSpec& spec, std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_TUNING_H_
