// The micro-batch of a measured configuration whose source leaves it out.
#ifndef SIM_VALIDATION_MICRO_BATCH_H_
#define SIM_VALIDATION_MICRO_BATCH_H_

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/inputs/cases_reader.h"
#include "sim/validation/translate.h"

namespace fleetsim {

// Published runs are tuned: of 1, 2, 4 and 8 sequences the one with the most tokens a second by the
// closed form that divides the batch and fits in memory; 1 where none fits. Where a table that is
// not complete (any grade but A) leaves out the virtual stages of a pipeline too, they are chosen
// with it. Says so in the rules. Nothing is done where the source states the micro-batch.
absl::Status ChooseMicroBatch(const MeasuredCase& measured, const Catalog& catalog,
                              Translation& translation);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_MICRO_BATCH_H_
