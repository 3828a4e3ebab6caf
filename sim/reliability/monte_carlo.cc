#include "sim/reliability/monte_carlo.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

double QuantileOf(const std::vector<double>& sorted, double share) {
  const double at = share * (static_cast<double>(sorted.size()) - 1.0);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - std::floor(at));
}

}  // namespace

Quantiles QuantilesOf(std::vector<double> values) {
  FLEETSIM_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {QuantileOf(values, 0.05), QuantileOf(values, 0.50), QuantileOf(values, 0.95),
          sum / static_cast<double>(values.size())};
}

absl::StatusOr<std::vector<RunSample>> SimulateRuns(const RunModel& model, int count,
                                                    std::uint64_t first_seed) {
  std::vector<RunSample> samples;
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(RunSample sample, SimulateRun(model, first_seed + i));
    samples.push_back(std::move(sample));
  }
  return samples;
}

MeanRun MeanOf(const std::vector<RunSample>& samples) {
  FLEETSIM_CHECK(!samples.empty());
  MeanRun mean;
  mean.stops.resize(samples.front().stops.size());
  const double share = 1.0 / static_cast<double>(samples.size());
  for (const RunSample& sample : samples) {
    mean.ladder += sample.ladder * share;
    mean.planned_stops += sample.planned_stops * share;
    for (std::size_t i = 0; i < mean.stops.size(); ++i) mean.stops[i] += sample.stops[i] * share;
  }
  return mean;
}

}  // namespace fleetsim
