#include "sim/model/lengths.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace fleetsim {
namespace {

// Steps of a continuous distribution, and examples that packing is tried on.
constexpr int kSteps = 2048;

// Standard score of a probability, by halving: the normal distribution has no closed inverse.
double StandardScore(double probability) {
  double low = -10.0, high = 10.0;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

// Lengths at equally spaced probabilities, longest first.
std::vector<double> Sample(const LengthDistribution& lengths, double most) {
  std::vector<double> sample;
  double passed = 0.0;
  size_t at = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double probability = (i + 0.5) / kSteps;
    while (at + 1 < lengths.tokens.size() && passed + lengths.weights[at] < probability) {
      passed += lengths.weights[at++];
    }
    sample.push_back(std::min(most, lengths.tokens[at]));
  }
  std::reverse(sample.begin(), sample.end());
  return sample;
}

// Rows that first fit needs for the lengths in their order.
int FirstFit(const std::vector<double>& lengths, double row_tokens) {
  std::vector<double> room;
  for (double length : lengths) {
    auto row = std::find_if(room.begin(), room.end(), [&](double left) { return left >= length; });
    if (row == room.end()) row = room.insert(room.end(), row_tokens);
    *row -= length;
  }
  return static_cast<int>(room.size());
}

double RoundedUp(double tokens, int multiple) { return std::ceil(tokens / multiple) * multiple; }

}  // namespace

LengthDistribution ListedLengths(std::vector<double> tokens, std::vector<double> weights) {
  std::map<double, double> by_length;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (size_t i = 0; i < tokens.size(); ++i) by_length[tokens[i]] += weights[i] / sum;
  LengthDistribution lengths;
  for (const auto& [length, weight] : by_length) {
    lengths.tokens.push_back(length);
    lengths.weights.push_back(weight);
  }
  return lengths;
}

std::optional<LogNormalShape> FitLogNormal(double mean, double percentile, double value) {
  // ln mean = m + s^2/2 and ln value = m + z s, so s^2/2 - z s + ln(value / mean) = 0.
  const double score = StandardScore(percentile);
  const double root = score * score - 2 * std::log(value / mean);
  if (root < 0.0) return std::nullopt;
  const double deviation = score - std::sqrt(root);
  if (deviation <= 0.0) return std::nullopt;
  return LogNormalShape{std::log(mean) - deviation * deviation / 2, deviation};
}

std::optional<LengthDistribution> LogNormalLengths(double mean, double percentile, double value) {
  const std::optional<LogNormalShape> shape = FitLogNormal(mean, percentile, value);
  if (!shape) return std::nullopt;
  LengthDistribution lengths;
  for (int i = 0; i < kSteps; ++i) {
    const double length =
        std::exp(shape->middle + shape->deviation * StandardScore((i + 0.5) / kSteps));
    lengths.tokens.push_back(std::max(1.0, length));
    lengths.weights.push_back(1.0 / kSteps);
  }
  return lengths;
}

Rows PackedRows(const LengthDistribution& lengths, double row_tokens) {
  const std::vector<double> sample = Sample(lengths, row_tokens);
  const double real = std::accumulate(sample.begin(), sample.end(), 0.0);
  const double squares = std::inner_product(sample.begin(), sample.end(), sample.begin(), 0.0);
  const double rows = FirstFit(sample, row_tokens);
  return {.tokens = row_tokens,
          .attended = squares / real,
          .real_share = real / (rows * row_tokens),
          .examples = static_cast<double>(sample.size()) / rows};
}

Rows PaddedRows(const LengthDistribution& lengths, double row_tokens, int micro_batch,
                int multiple) {
  double real = 0.0, padded = 0.0, squares = 0.0, below = 0.0;
  for (size_t i = 0; i < lengths.tokens.size(); ++i) {
    const double length = std::min(row_tokens, lengths.tokens[i]);
    // The longest of n draws is at most x with probability F(x)^n.
    const double up_to = std::min(1.0, below + lengths.weights[i]);
    const double is_longest = std::pow(up_to, micro_batch) - std::pow(below, micro_batch);
    const double row = std::min(row_tokens, RoundedUp(length, multiple));
    real += lengths.weights[i] * length;
    padded += is_longest * row;
    squares += is_longest * row * row;
    below = up_to;
  }
  return {.tokens = padded, .attended = squares / padded, .real_share = real / padded};
}

}  // namespace fleetsim
