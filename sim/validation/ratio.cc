#include "sim/validation/ratio.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace fleetsim {
namespace {

using ResultById = std::map<std::string, const CaseResult*>;

const CaseResult* Find(const ResultById& by_id, const std::string& id) {
  const auto found = by_id.find(id);
  return found == by_id.end() ? nullptr : found->second;
}

// The comparison of `metric`; of the speed where `metric` is empty.
const Comparison* Find(const CaseResult& result, const std::string& metric) {
  for (const Comparison& comparison : result.comparisons) {
    const bool wanted =
        metric.empty() ? comparison.kind == MetricClass::kSpeed : comparison.metric == metric;
    if (wanted) return &comparison;
  }
  return nullptr;
}

void SetReason(const CaseResult* result, const std::string& id, RatioResult& ratio) {
  if (result == nullptr) {
    ratio.reason = absl::StrCat(id, " is not selected");
  } else if (!result->reason.empty()) {
    ratio.reason = absl::StrCat(id, ": ", result->reason);
  } else {
    ratio.reason = absl::StrCat(id, " was not compared by this metric");
  }
}

void SetValues(const Comparison& numerator, const Comparison& denominator, RatioResult& ratio) {
  if (numerator.metric != denominator.metric || numerator.unit != denominator.unit) {
    ratio.reason = absl::StrCat("one is measured as ", numerator.metric, ", the other as ",
                                denominator.metric);
    return;
  }
  ratio.metric = numerator.metric;
  ratio.measured = numerator.measured / denominator.measured;
  ratio.simulated = numerator.simulated / denominator.simulated;
  if (numerator.metric != "iteration_time") return;
  ratio.measured = 1.0 / ratio.measured;
  ratio.simulated = 1.0 / ratio.simulated;
}

}  // namespace

std::vector<RatioResult> CompareRatios(const std::vector<MeasuredRatio>& ratios,
                                       const std::vector<CaseResult>& results) {
  ResultById by_id;
  for (const CaseResult& result : results) by_id[result.measured->id] = &result;
  std::vector<RatioResult> compared;
  for (const MeasuredRatio& ratio : ratios) {
    const CaseResult* numerator = Find(by_id, ratio.numerator);
    const CaseResult* denominator = Find(by_id, ratio.denominator);
    if (numerator == nullptr && denominator == nullptr) continue;
    RatioResult result{.ratio = &ratio, .metric = ratio.metric};
    const Comparison* above = numerator == nullptr ? nullptr : Find(*numerator, ratio.metric);
    const Comparison* below = denominator == nullptr ? nullptr : Find(*denominator, ratio.metric);
    if (above == nullptr) {
      SetReason(numerator, ratio.numerator, result);
    } else if (below == nullptr) {
      SetReason(denominator, ratio.denominator, result);
    } else {
      SetValues(*above, *below, result);
    }
    compared.push_back(result);
  }
  return compared;
}

}  // namespace fleetsim
