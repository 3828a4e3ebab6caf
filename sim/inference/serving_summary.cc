#include "sim/inference/serving_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace fleetsim {
namespace {

LatencySummary SummaryOf(std::vector<double>& values, double percentile) {
  LatencySummary summary;
  if (values.empty()) return summary;
  std::sort(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  summary.mean = Seconds(sum / static_cast<double>(values.size()));
  summary.p50 = PercentileOf(values, 0.50);
  summary.p90 = PercentileOf(values, 0.90);
  summary.p99 = PercentileOf(values, 0.99);
  summary.objective_percentile = PercentileOf(values, percentile);
  return summary;
}

// Latencies of the requests that are counted.
struct Latencies {
  std::vector<double> ttft, tpot, end_to_end;
  Seconds first{std::numeric_limits<double>::infinity()}, last;  // arrivals
};

void Count(const RequestLog& log, std::int64_t i, const Objectives& objectives, Seconds frontend,
           Latencies& latencies, ServingSummary& summary) {
  const RequestRow row = log.Row(i);
  latencies.first = Min(latencies.first, row.arrival);
  latencies.last = Max(latencies.last, row.arrival);
  const Seconds ttft = log.TimeToFirstToken(i) + frontend;
  const Seconds tpot = log.TimePerOutputToken(i);
  latencies.ttft.push_back(ttft.value());
  latencies.end_to_end.push_back((log.EndToEnd(i) + frontend).value());
  if (row.output_tokens > 1) latencies.tpot.push_back(tpot.value());
  ++summary.completed;
  summary.input_tokens += row.input_tokens;
  summary.output_tokens += row.output_tokens;
  summary.cached_tokens += row.cached_tokens;
  const bool good = (!objectives.ttft || ttft <= *objectives.ttft) &&
                    (!objectives.tpot || tpot <= *objectives.tpot);
  summary.good += good ? 1 : 0;
}

}  // namespace

Seconds PercentileOf(const std::vector<double>& sorted, double percentile) {
  const double place = percentile * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = place - static_cast<double>(below);
  return Seconds(sorted[below] + (sorted[above] - sorted[below]) * part);
}

ServingSummary Summarise(const ServingRecord& record, const ServingJob& job, Seconds frontend) {
  ServingSummary summary;
  Latencies latencies;
  const RequestLog& log = record.requests;
  for (std::int64_t i = 0; i < log.size(); ++i) {
    const RequestRow row = log.Row(i);
    summary.all_input_tokens += row.input_tokens;
    summary.all_output_tokens += row.output_tokens;
    if (row.arrival < job.traffic.warm_up) continue;
    Count(log, i, job.objectives, frontend, latencies, summary);
  }
  const double percentile = job.objectives.percentile;
  summary.ttft = SummaryOf(latencies.ttft, percentile);
  summary.tpot = SummaryOf(latencies.tpot, percentile);
  summary.end_to_end = SummaryOf(latencies.end_to_end, percentile);
  if (latencies.last > latencies.first) {
    summary.offered_rate =
        (static_cast<double>(summary.completed) - 1.0) / (latencies.last - latencies.first).value();
  }
  summary.refused = record.refused;
  summary.too_long = record.too_long;
  summary.retries = record.retries;
  for (const InstanceRecord& instance : record.instances) {
    summary.preemptions += instance.preemptions;
  }
  summary.span = Max(Seconds(), record.end - job.traffic.warm_up);
  const Objectives& objectives = job.objectives;
  summary.meets = summary.completed > 0 && summary.refused + summary.too_long == 0 &&
                  (!objectives.ttft || summary.ttft.objective_percentile <= *objectives.ttft) &&
                  (!objectives.tpot || summary.tpot.objective_percentile <= *objectives.tpot);
  return summary;
}

}  // namespace fleetsim
