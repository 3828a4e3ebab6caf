// Whether a job fits in memory, and what to change where it does not.
#ifndef SIM_TRAINING_FIT_H_
#define SIM_TRAINING_FIT_H_

#include "sim/base/status.h"
#include "sim/parallel/memory.h"
#include "sim/parallel/memory_use.h"
#include "sim/training/spec.h"

namespace fleetsim {

MemoryQuestion QuestionOf(const TrainingSpec& spec);

// Memory on one accelerator of the fullest stage.
MemoryUse MemoryOf(const TrainingSpec& spec);

// Infeasible: what is needed of `capacity`, its breakdown, and what to do.
absl::Status DoesNotFit(const MemoryUse& use, Bytes capacity, absl::string_view advice);

// The same as MemoryOf(), or Infeasible with the breakdown and the smallest change that fits
// `capacity`.
absl::StatusOr<MemoryUse> CheckFits(const TrainingSpec& spec, Bytes capacity);

}  // namespace fleetsim

#endif  // SIM_TRAINING_FIT_H_
