#include "sim/validation/benchmark_evaluation.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"

namespace fleetsim {
namespace {

// Pages of the benchmarks (mlcommons/training and submitters' READMEs, section "Quality"). GPT-3's
// states documents, not sequences: 24,567 every 24,576 sequences.
struct Benchmark {
  const char* model;
  BenchmarkEvaluation evaluation;
};
constexpr Benchmark kBenchmarks[] = {
    {"Llama-2-70B LoRA", {.sequences = 173, .every = 384, .skips_first = true}},
    {"Llama-3.1-405B", {.sequences = 5760, .every = 46080}},
    {"Llama-3.1-8B", {.sequences = 1024, .every = 12288}},
};

Seconds PartOf(const StepResult& step, Part part) { return step.parts[static_cast<int>(part)]; }

// Of one global batch, with the waits between stages that passes have in the step.
Seconds ForwardOfABatch(const StepResult& step) {
  const Seconds forward = PartOf(step, Part::kForward);
  const Seconds passes = forward + PartOf(step, Part::kBackward) + PartOf(step, Part::kRecompute);
  if (!(passes > Seconds(0))) return Seconds(0);
  const Seconds once = PartOf(step, Part::kOptimizer) + PartOf(step, Part::kDataExposed);
  return (step.duration - once) * (forward / passes);
}

}  // namespace

std::optional<BenchmarkEvaluation> EvaluationOf(const MeasuredCase& measured) {
  if (measured.family != "mlperf") return std::nullopt;
  for (const Benchmark& benchmark : kBenchmarks) {
    if (absl::EqualsIgnoreCase(measured.model, benchmark.model)) return benchmark.evaluation;
  }
  return std::nullopt;
}

Seconds EvaluationTime(const BenchmarkEvaluation& evaluation, const StepResult& step,
                       double trained, double global_batch) {
  const double steps_between = std::ceil(evaluation.every / global_batch);
  const double skipped = evaluation.skips_first ? std::floor(0.125 * global_batch + 2) : 0.0;
  const double times =
      std::max(0.0, std::floor(trained / (steps_between * global_batch)) - skipped);
  const double batches = std::ceil(evaluation.sequences / global_batch);
  return times * batches * ForwardOfABatch(step);
}

}  // namespace fleetsim
