#include "sim/trace/token_lengths.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

std::int32_t Whole(double tokens) {
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(tokens, 1.0, kMost));
}

}  // namespace

TokenLengths TokenLengths::Constant(std::int32_t tokens) { return Uniform(tokens, tokens); }

TokenLengths TokenLengths::Uniform(std::int32_t least, std::int32_t most) {
  FLEETSIM_CHECK(1 <= least && least <= most);
  return TokenLengths(Range{least, most});
}

TokenLengths TokenLengths::Around(std::int32_t tokens, double ratio) {
  FLEETSIM_CHECK(0.0 <= ratio && ratio < 1.0);
  return Uniform(Whole(std::floor(tokens * (1.0 - ratio))),
                 Whole(std::ceil(tokens * (1.0 + ratio))));
}

TokenLengths TokenLengths::Listed(const std::vector<double>& tokens,
                                  const std::vector<double>& weights) {
  FLEETSIM_CHECK(!tokens.empty() && tokens.size() == weights.size());
  const LengthDistribution sorted = ListedLengths(tokens, weights);
  List list;
  double below = 0.0;
  for (std::size_t i = 0; i < sorted.tokens.size(); ++i) {
    list.tokens.push_back(Whole(std::round(sorted.tokens[i])));
    list.up_to.push_back(below += sorted.weights[i]);
  }
  return TokenLengths(std::move(list));
}

std::optional<TokenLengths> TokenLengths::LogNormal(double mean, double percentile, double value) {
  const std::optional<LogNormalShape> shape = FitLogNormal(mean, percentile, value);
  if (!shape) return std::nullopt;
  return TokenLengths(*shape);
}

std::int32_t TokenLengths::Draw(Random& random) const {
  if (const auto* range = std::get_if<Range>(&distribution_)) {
    const double count = static_cast<double>(range->most) - range->least + 1.0;
    return Whole(range->least + std::floor(count * random.Uniform()));
  }
  if (const auto* list = std::get_if<List>(&distribution_)) {
    const auto found = std::lower_bound(list->up_to.begin(), list->up_to.end(), random.Uniform());
    const auto index =
        std::min<std::ptrdiff_t>(found - list->up_to.begin(), std::ssize(list->tokens) - 1);
    return list->tokens[static_cast<std::size_t>(index)];
  }
  const auto& shape = std::get<LogNormalShape>(distribution_);
  return Whole(std::round(std::exp(shape.middle + shape.deviation * random.Normal())));
}

}  // namespace fleetsim
