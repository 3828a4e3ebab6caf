// Measured serving points: tables with a column of weight formats (docs/validate.md) and the
// end-to-end samples of NVIDIA's aiconfigurator.
#ifndef SIM_INPUTS_SERVING_CASES_READER_H_
#define SIM_INPUTS_SERVING_CASES_READER_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/inputs/cases_reader.h"

namespace fleetsim {

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
  bool varied_lengths = false;  // lengths even over 0.8 to 1 of those stated (InferenceX's load)
  bool generated = false;       // aiconfigurator's own run, of the settings that it generates
};

// Whether the table's header is one of the two.
absl::StatusOr<bool> IsServingTable(const std::string& path);

// Errors name file, line and column.
absl::StatusOr<std::vector<ServingCase>> ReadServingCases(const std::string& path);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVING_CASES_READER_H_
