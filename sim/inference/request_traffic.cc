#include "sim/inference/request_traffic.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/trace/synthetic_traffic.h"
#include "sim/trace/trace_file.h"

namespace fleetsim {
namespace {

constexpr std::uint64_t kTraceLengths = 11;  // stream of random numbers apart from the arrivals'

// A stream as the job wants it: faster, shorter, with other lengths, with a common prefix.
class ShapedRequests : public RequestStream {
 public:
  ShapedRequests(RequestStream& origin, const TrafficRequest& traffic)
      : origin_(origin),
        traffic_(traffic),
        random_(static_cast<std::uint64_t>(traffic.seed), kTraceLengths) {
    const auto* trace = std::get_if<TraceRequest>(&traffic.source);
    // Dates of a closed loop's stream mean nothing.
    if (trace != nullptr || std::holds_alternative<ArrivalRequest>(traffic.source)) {
      span_ = traffic.duration;
    }
    if (trace == nullptr) return;
    speed_ = trace->rate_scale;
    if (traffic.input) input_ = Lengths(*traffic.input);
    if (traffic.output) output_ = Lengths(*traffic.output);
  }

  static TokenLengths Lengths(const LengthDistribution& lengths) {
    return TokenLengths::Listed(lengths.tokens, lengths.weights);
  }

  bool Next(Request* request) override {
    if (traffic_.requests && given_ >= *traffic_.requests) return false;
    if (!origin_.Next(request)) return false;
    request->arrival = request->arrival / speed_;
    if (given_ == 0) first_ = request->arrival;
    if (span_ && request->arrival - first_ > *span_) return false;
    ++given_;
    if (input_) request->input_tokens = input_->Draw(random_);
    if (output_) request->output_tokens = output_->Draw(random_);
    if (traffic_.shared_prefix > 0) {
      request->shared_prefix = 0;
      request->shared_prefix_tokens = std::min(traffic_.shared_prefix, request->input_tokens);
    }
    return true;
  }
  absl::Status status() const override { return origin_.status(); }

 private:
  RequestStream& origin_;
  const TrafficRequest traffic_;
  Random random_;
  double speed_ = 1;
  double given_ = 0;
  Seconds first_;
  std::optional<Seconds> span_;
  std::optional<TokenLengths> input_, output_;
};

// Closed loop whose clients send nothing after `until`.
class TimedLoop : public ClosedLoop {
 public:
  TimedLoop(RequestStream& stream, const ClosedLoopRequest& loop, Seconds think, Seconds until)
      : ClosedLoop(stream, loop.concurrency, think), until_(until) {}
  Seconds NextArrival() override {
    const Seconds next = ClosedLoop::NextArrival();
    return next > until_ ? kNever : next;
  }

 private:
  Seconds until_;
};

ArrivalKind KindOf(ArrivalPattern pattern) {
  switch (pattern) {
    case ArrivalPattern::kConstant:
      return ArrivalKind::kConstant;
    case ArrivalPattern::kGamma:
      return ArrivalKind::kGamma;
    case ArrivalPattern::kBursty:
      return ArrivalKind::kOnOff;
    case ArrivalPattern::kPoisson:
      break;
  }
  return ArrivalKind::kPoisson;
}

// Bursts at `burstiness` times the mean rate take one part in so many of the time.
Arrivals ArrivalsOf(const ArrivalRequest& request) {
  Arrivals arrivals{.kind = KindOf(request.process), .rate_per_s = request.rate_per_s};
  arrivals.variation = request.burstiness;
  arrivals.on = request.burst;
  arrivals.off = request.burst * (request.burstiness - 1);
  return arrivals;
}

std::unique_ptr<RequestStream> Drawn(const TrafficRequest& request) {
  Traffic traffic;
  if (const auto* arrivals = std::get_if<ArrivalRequest>(&request.source)) {
    traffic.arrivals = ArrivalsOf(*arrivals);
  } else {
    traffic.arrivals.kind = ArrivalKind::kConstant;  // not looked at
  }
  traffic.input = ShapedRequests::Lengths(*request.input);
  traffic.output = ShapedRequests::Lengths(*request.output);
  traffic.requests = std::numeric_limits<std::int64_t>::max();
  if (request.requests) traffic.requests = static_cast<std::int64_t>(*request.requests);
  if (const auto* batch = std::get_if<OneBatchRequest>(&request.source); batch != nullptr) {
    if (!request.requests) traffic.requests = batch->batch;
  }
  return std::make_unique<SyntheticTraffic>(std::move(traffic),
                                            static_cast<std::uint64_t>(request.seed));
}

absl::StatusOr<std::unique_ptr<RequestStream>> OriginOf(const TrafficRequest& traffic) {
  const auto* trace = std::get_if<TraceRequest>(&traffic.source);
  if (trace == nullptr) return Drawn(traffic);
  absl::StatusOr<std::unique_ptr<TraceReader>> reader = TraceReader::Open(trace->path);
  if (!reader.ok()) {
    return InputError(traffic.place, reader.status().message(), "`fleetsim import` writes traces");
  }
  return *std::move(reader);
}

}  // namespace

absl::StatusOr<RequestTraffic> RequestTraffic::Open(const TrafficRequest& traffic,
                                                    Seconds frontend) {
  RequestTraffic result;
  ASSIGN_OR_RETURN(result.origin_, OriginOf(traffic));
  result.shaped_ = std::make_unique<ShapedRequests>(*result.origin_, traffic);
  RequestStream& stream = *result.shaped_;
  if (const auto* loop = std::get_if<ClosedLoopRequest>(&traffic.source)) {
    result.source_ = std::make_unique<TimedLoop>(stream, *loop, loop->think + frontend,
                                                 traffic.duration.value_or(kNever));
  } else if (const auto* batch = std::get_if<OneBatchRequest>(&traffic.source)) {
    result.source_ = std::make_unique<ClosedLoop>(stream, batch->batch, frontend);
  } else {
    result.source_ = std::make_unique<OpenLoop>(stream);
  }
  return result;
}

std::optional<double> RateOf(const TrafficRequest& traffic) {
  if (const auto* arrivals = std::get_if<ArrivalRequest>(&traffic.source)) {
    return arrivals->rate_per_s;
  }
  if (const auto* trace = std::get_if<TraceRequest>(&traffic.source)) return trace->rate_scale;
  return std::nullopt;
}

TrafficRequest AtRate(const TrafficRequest& traffic, double rate) {
  TrafficRequest result = traffic;
  if (auto* arrivals = std::get_if<ArrivalRequest>(&result.source)) arrivals->rate_per_s = rate;
  if (auto* trace = std::get_if<TraceRequest>(&result.source)) trace->rate_scale = rate;
  return result;
}

}  // namespace fleetsim
