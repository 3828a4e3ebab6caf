// What a run of a serving job comes to for those who use it: latencies, throughput, objectives.
#ifndef SIM_INFERENCE_SERVING_SUMMARY_H_
#define SIM_INFERENCE_SERVING_SUMMARY_H_

#include <cstdint>
#include <vector>

#include "sim/base/units.h"
#include "sim/model/serving_job.h"
#include "sim/serving/record.h"

namespace fleetsim {

struct LatencySummary {
  Seconds mean, p50, p90, p99;
  Seconds objective_percentile;  // at the percentile of the job's objectives
};

// Between order statistics linearly, as serving benchmarks do (numpy's default). `sorted` is not
// empty.
Seconds PercentileOf(const std::vector<double>& sorted, double percentile);

// Requests that arrive after the warm-up are counted; those that ended are judged.
struct ServingSummary {
  LatencySummary ttft, tpot, end_to_end;   // tpot: of requests with more than one output token
  std::int64_t completed = 0;              // counted ones
  std::int64_t refused = 0, too_long = 0;  // of all
  std::int64_t retries = 0, preemptions = 0;
  double input_tokens = 0, output_tokens = 0, cached_tokens = 0;  // of those completed
  double all_input_tokens = 0, all_output_tokens = 0;             // with the warm-up's
  double offered_rate = 0;  // of the counted requests' arrivals, a second; 0: all at once
  Seconds span;             // from the end of the warm-up to the last request's end
  std::int64_t good = 0;    // completed ones that meet both objectives
  bool meets = false;       // the percentile of each does, and no request was refused

  double Rate(double amount) const { return span > Seconds() ? amount / span.value() : 0.0; }
};

// `frontend`: what every request takes beside the record's times.
ServingSummary Summarise(const ServingRecord& record, const ServingJob& job, Seconds frontend);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_SERVING_SUMMARY_H_
