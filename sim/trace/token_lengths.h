// How long inputs and outputs are: distributions of whole numbers of tokens.
#ifndef SIM_TRACE_TOKEN_LENGTHS_H_
#define SIM_TRACE_TOKEN_LENGTHS_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "sim/model/lengths.h"
#include "sim/trace/random.h"

namespace fleetsim {

class TokenLengths {
 public:
  static TokenLengths Constant(std::int32_t tokens);
  // Every whole number from `least` to `most` alike.
  static TokenLengths Uniform(std::int32_t least, std::int32_t most);
  // What serving benchmarks call random with a range ratio: uniform within `ratio` of `tokens`, in
  // whole numbers from the floor of the lower to the ceiling of the upper end.
  static TokenLengths Around(std::int32_t tokens, double ratio);
  // Lengths with positive weights, in any order; a measured sample is one with equal weights.
  static TokenLengths Listed(const std::vector<double>& tokens, const std::vector<double>& weights);
  // Of this mean and this value at the percentile (0.5 to 1, not included); empty where no
  // log-normal has both.
  static std::optional<TokenLengths> LogNormal(double mean, double percentile, double value);

  // At least 1.
  std::int32_t Draw(Random& random) const;

 private:
  struct Range {
    std::int32_t least, most;
  };
  struct List {
    std::vector<std::int32_t> tokens;
    std::vector<double> up_to;  // probability of this length or a shorter one
  };
  using Distribution = std::variant<Range, List, LogNormalShape>;
  explicit TokenLengths(Distribution distribution) : distribution_(std::move(distribution)) {}

  Distribution distribution_;
};

}  // namespace fleetsim

#endif  // SIM_TRACE_TOKEN_LENGTHS_H_
