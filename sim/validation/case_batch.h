// Sequences of a measured configuration's step.
#ifndef SIM_VALIDATION_CASE_BATCH_H_
#define SIM_VALIDATION_CASE_BATCH_H_

#include <string>

#include "sim/inputs/cases_reader.h"

namespace fleetsim {

struct GlobalBatch {
  int sequences = 0;
  std::string rule;  // how a gap was filled; empty: it is stated
};

// The column, else what the notes say. Where neither is there, a table of fully sharded or
// fine-tuning runs means one micro-batch of each replica, `wave` sequences; a pre-training run
// whose every step ends with a reduction has a batch that makes this worth while.
GlobalBatch GlobalBatchOf(const MeasuredCase& measured, int zero_stage, int wave);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_CASE_BATCH_H_
