// Measured serving points: tables with a column of weight formats (docs/validate.md) and the
// end-to-end samples of NVIDIA's aiconfigurator.
#ifndef SIM_INPUTS_SERVING_CASES_READER_H_
#define SIM_INPUTS_SERVING_CASES_READER_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/inputs/cases_reader.h"

namespace fleetsim {

// Whose load and engine settings a point was measured with, where scripts of them are published.
enum class Benchmark { kOther, kInferenceX, kAiconfigurator };

// Equal instances of one role.
struct WorkerGroup {
  int workers = 1;
  int tensor = 1, attention_data = 1, expert = 1;  // of one of them

  int Accelerators() const { return tensor * attention_data; }
  bool operator==(const WorkerGroup&) const = default;
};

// Of a split deployment.
struct SplitWorkers {
  WorkerGroup prefill, decode;
  // The most clients that the source ran on the same deployment with requests of these lengths.
  int most_clients = 0;
};

// One served configuration under one load. In `measured`: id, family, grade, model, accelerator,
// degrees, notes and the measurements.
struct ServingCase {
  MeasuredCase measured;
  std::string engine;  // with its version
  std::string load;    // as written: a number of clients or of a batch, "offline", ..
  std::optional<double> weight_bits, activation_bits, cache_bits;
  std::string weight_format, expert_format;  // where the source names them: "fp8_block", "nvfp4"
  std::optional<int> input_tokens, output_tokens;  // of a request
  bool split = false;                              // prefill and decode on instances of their own
  std::optional<SplitWorkers> workers;             // where it states them
  Benchmark benchmark = Benchmark::kOther;
};

// Whether the table's header is one of the two.
absl::StatusOr<bool> IsServingTable(const std::string& path);

// Errors name file, line and column.
absl::StatusOr<std::vector<ServingCase>> ReadServingCases(const std::string& path);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVING_CASES_READER_H_
