// Sharding by whole tensors: how many ranks own any.
#ifndef SIM_PARALLEL_TENSOR_OWNERS_H_
#define SIM_PARALLEL_TENSOR_OWNERS_H_

#include "sim/model/architecture.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

// Weight matrices that a rank of pipeline stage `stage` holds; q, k and v are one. Vectors (norms,
// biases) are not counted.
int StageMatrices(const Architecture& model, const Strategy& strategy, int stage);

// Ranks of `ranks` that own a matrix where each goes to the one with the least so far: never more
// than there are matrices, however many ranks share the work.
int MatrixOwners(const Architecture& model, const Strategy& strategy, int stage, int ranks);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_TENSOR_OWNERS_H_
