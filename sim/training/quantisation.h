// Memory-bound work beside the matrix products of a narrow number format: scales, casts and
// transposed copies of their operands.
#ifndef SIM_TRAINING_QUANTISATION_H_
#define SIM_TRAINING_QUANTISATION_H_

#include "sim/model/operators.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Of what a pass of `gemm` reads: forward its input and, where they are not kept, its weights;
// backward the gradient of its output. Zero where the product runs in 16 bits.
Seconds QuantiseForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                        const GemmOp& gemm);
Seconds QuantiseBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                         const GemmOp& gemm);

}  // namespace fleetsim

#endif  // SIM_TRAINING_QUANTISATION_H_
