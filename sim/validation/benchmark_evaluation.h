// Evaluations that a benchmark's clock includes.
#ifndef SIM_VALIDATION_BENCHMARK_EVALUATION_H_
#define SIM_VALIDATION_BENCHMARK_EVALUATION_H_

#include <optional>

#include "sim/inputs/cases_reader.h"
#include "sim/training/result.h"

namespace fleetsim {

// MLPerf Training: "the time to evaluate the quality is included in the wallclock time" (rules,
// section "Quality measure").
struct BenchmarkEvaluation {
  double sequences = 0;  // of one evaluation
  double every = 0;      // sequences trained between two
  // LoRA alone: the first floor(0.125 x global batch + 2) are skipped.
  bool skips_first = false;
};

// Of the benchmarks whose evaluation is stated in sequences; empty for others.
std::optional<BenchmarkEvaluation> EvaluationOf(const MeasuredCase& measured);

// Time in all evaluations of a run of `trained` sequences in steps of `global_batch`: forward
// passes of whole global batches, at the step's own layout.
Seconds EvaluationTime(const BenchmarkEvaluation& evaluation, const StepResult& step,
                       double trained, double global_batch);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_BENCHMARK_EVALUATION_H_
