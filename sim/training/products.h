// Time of the matrix products of one layer on one rank.
#ifndef SIM_TRAINING_PRODUCTS_H_
#define SIM_TRAINING_PRODUCTS_H_

#include <vector>

#include "sim/model/operators.h"
#include "sim/training/spec.h"

namespace fleetsim {

// The products themselves, and memory-bound work that their number format needs beside them.
struct ProductTime {
  Seconds matrix, memory;
};

// What one of the layer's products runs in: some stay in 16 bits whatever the job's precision.
NumberFormat FormatOf(const TrainingSpec& spec, const GemmOp& gemm);

// The first `count` of the products.
ProductTime ForwardProducts(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms, size_t count);
// The backward pass: gradients of the inputs, which the layer before waits for, and of the weights.
ProductTime InputGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const std::vector<GemmOp>& gemms);
ProductTime WeightGradients(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const std::vector<GemmOp>& gemms);

}  // namespace fleetsim

#endif  // SIM_TRAINING_PRODUCTS_H_
