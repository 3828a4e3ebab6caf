// Measured runs for validation: the columns of docs/validate.md, one metric a row, rows of one id
// are one configuration.
#ifndef SIM_INPUTS_CASES_READER_H_
#define SIM_INPUTS_CASES_READER_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/status.h"

namespace fleetsim {

struct Measurement {
  std::string metric;
  double value = 0;  // in `unit`
  std::string unit;
  int line = 0;        // in the file
  bool wanted = true;  // false: it only tells of its configuration
};

// A configuration and what was measured on it. An empty optional: the source does not say.
struct MeasuredCase {
  int line = 0;  // of its first row
  std::string id, family, grade, source, model, accelerator, fabric, precision, recompute, notes;
  std::string stack;  // optional column; empty: by family and source
  std::optional<int> layers, hidden, heads, kv_heads, ffn, vocab, sequence_length, experts;
  std::optional<int> experts_per_token;  // optional column topk
  std::optional<int> accelerators, per_node;
  std::optional<int> tensor, pipeline, virtual_stages, data, context, expert, zero_stage;
  std::optional<int> micro_batch, global_batch;
  std::vector<Measurement> measurements;
  std::string region;  // optional column: catalog region of the site
};

// Errors name file, line and column: a missing column, a number that is none, a negative count,
// rows of one id that differ.
absl::StatusOr<std::vector<MeasuredCase>> ReadCases(const std::string& path);

}  // namespace fleetsim

#endif  // SIM_INPUTS_CASES_READER_H_
