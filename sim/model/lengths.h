// Lengths of a data set's examples, and what packing or padding makes of them.
#ifndef SIM_MODEL_LENGTHS_H_
#define SIM_MODEL_LENGTHS_H_

#include <optional>
#include <vector>

namespace fleetsim {

struct LengthDistribution {
  std::vector<double> tokens;   // ascending
  std::vector<double> weights;  // of each, summing to 1
};

// Any order, any positive weights; equal lengths are joined.
LengthDistribution ListedLengths(std::vector<double> tokens, std::vector<double> weights);

// Logarithms are normal with this mean and deviation.
struct LogNormalShape {
  double middle = 0.0, deviation = 0.0;
};

// Log-normal with this mean and `value` at probability `percentile` (0.5 to 1, not included).
// Empty where no log-normal has both: value / mean above exp(z^2 / 2) for the percentile's standard
// score z.
std::optional<LogNormalShape> FitLogNormal(double mean, double percentile, double value);
// The same as equally likely steps.
std::optional<LengthDistribution> LogNormalLengths(double mean, double percentile, double value);

// The rows ("sequences") that a micro-batch is made of.
struct Rows {
  double tokens = 0;      // that are processed of one in the mean, padding included
  double attended = 0;    // tokens of an example, mean over its tokens; zero: all of the row
  double real_share = 1;  // of the tokens processed, without padding
  double examples = 1;    // in one
};

// Examples joined to rows of `row_tokens`, none divided, longer ones cut: first fit in descending
// order (Krell et al. 2021, arXiv 2107.02027), attention inside each example alone.
Rows PackedRows(const LengthDistribution& lengths, double row_tokens);

// One example a row, cut at `row_tokens`, padded to the longest of `micro_batch` and up to a
// multiple of `multiple`.
Rows PaddedRows(const LengthDistribution& lengths, double row_tokens, int micro_batch,
                int multiple);

}  // namespace fleetsim

#endif  // SIM_MODEL_LENGTHS_H_
