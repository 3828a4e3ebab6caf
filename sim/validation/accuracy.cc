#include "sim/validation/accuracy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"

namespace fleetsim {
namespace {

// Linear between the closest ranks. `values` is sorted and not empty.
double Percentile(const std::vector<double>& values, double share) {
  const double rank = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(rank);
  const size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (rank - static_cast<double>(low));
}

}  // namespace

double Comparison::Slower() const {
  return IsRate(kind, metric) ? measured / simulated - 1.0 : Error();
}

ErrorSummary Summarise(const std::vector<const Comparison*>& comparisons) {
  ErrorSummary summary{.count = static_cast<int>(comparisons.size())};
  if (comparisons.empty()) return summary;
  std::vector<double> errors, signed_errors;
  for (const Comparison* comparison : comparisons) {
    errors.push_back(std::fabs(comparison->Error()));
    signed_errors.push_back(comparison->Slower());
    summary.mean += errors.back() / summary.count;
  }
  std::sort(errors.begin(), errors.end());
  std::sort(signed_errors.begin(), signed_errors.end());
  summary.median = Percentile(errors, 0.5);
  summary.percentile90 = Percentile(errors, 0.9);
  summary.worst = errors.back();
  summary.bias = Percentile(signed_errors, 0.5);
  return summary;
}

}  // namespace fleetsim
