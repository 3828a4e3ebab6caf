// Whether a parallel strategy can hold for a model, before any platform is known.
#ifndef SIM_INPUTS_PARALLELISM_CHECK_H_
#define SIM_INPUTS_PARALLELISM_CHECK_H_

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/job.h"

namespace fleetsim {

// `check` stands at the Parallelism message. Errors: degrees out of range, a tensor degree that
// does not divide heads, kv heads or widths, more chunks than layers, chunk_layers that do not add
// up to the model, a context degree that does not divide the sequence, a batch that does not divide
// into micro-batches of all replicas, more optimizer shards than data ranks.
absl::Status CheckParallelism(const FieldCheck& check, const PretrainJob& job,
                              const ParallelismRequest& request);

}  // namespace fleetsim

#endif  // SIM_INPUTS_PARALLELISM_CHECK_H_
