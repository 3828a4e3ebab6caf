// The requests of a serving job, from a trace or drawn.
#ifndef SIM_INFERENCE_REQUEST_TRAFFIC_H_
#define SIM_INFERENCE_REQUEST_TRAFFIC_H_

#include <memory>

#include "sim/base/status.h"
#include "sim/model/serving_job.h"
#include "sim/serving/request_source.h"

namespace fleetsim {

// A source and the stream that it reads.
class RequestTraffic {
 public:
  // `frontend`: what every request takes outside the instances. A closed loop's client waits for it
  // before the next request. Errors: what is no trace, named with the workload's line.
  static absl::StatusOr<RequestTraffic> Open(const TrafficRequest& traffic, Seconds frontend);

  RequestSource& source() { return *source_; }

 private:
  std::unique_ptr<RequestStream> origin_, shaped_;
  std::unique_ptr<RequestSource> source_;
};

// The job's traffic at another rate: arrivals a second, or a trace as many times as fast. Empty for
// closed loops and batches, which have none.
std::optional<double> RateOf(const TrafficRequest& traffic);
TrafficRequest AtRate(const TrafficRequest& traffic, double rate);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_REQUEST_TRAFFIC_H_
