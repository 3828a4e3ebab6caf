#include "sim/serving/record.h"

#include <algorithm>

namespace fleetsim {

namespace {

Occupancy operator*(const Occupancy& a, double factor) {
  return {a.requests * factor, a.running * factor, a.blocks * factor};
}

void Add(Occupancy& sum, const Occupancy& other) {
  sum.requests += other.requests;
  sum.running += other.running;
  sum.blocks += other.blocks;
}

}  // namespace

void RequestLog::Add(const RequestRow& row) {
  ids_.push_back(row.id);
  arrivals_.push_back(row.arrival);
  scheduled_.push_back(row.scheduled);
  first_tokens_.push_back(row.first_token);
  ends_.push_back(row.end);
  inputs_.push_back(row.input_tokens);
  outputs_.push_back(row.output_tokens);
  cached_.push_back(row.cached_tokens);
  preemptions_.push_back(row.preemptions);
  retries_.push_back(row.retries);
  instances_.push_back(row.instance);
}

RequestRow RequestLog::Row(std::int64_t i) const {
  return {.id = ids_[i],
          .arrival = arrivals_[i],
          .scheduled = scheduled_[i],
          .first_token = first_tokens_[i],
          .end = ends_[i],
          .input_tokens = inputs_[i],
          .output_tokens = outputs_[i],
          .cached_tokens = cached_[i],
          .preemptions = preemptions_[i],
          .retries = retries_[i],
          .instance = instances_[i]};
}

Seconds RequestLog::TimePerOutputToken(std::int64_t i) const {
  if (outputs_[i] < 2) return Seconds();
  return (ends_[i] - first_tokens_[i]) / (outputs_[i] - 1.0);
}

void OccupancyHistory::Advance(Seconds now, const Occupancy& occupancy) {
  while (now > last_) {
    const auto interval = static_cast<std::size_t>(last_ / width_);
    if (interval >= kIntervals) {
      Halve();
      continue;
    }
    if (interval >= integrals_.size()) integrals_.resize(interval + 1);
    // Rounding may put the end of an interval at its own beginning.
    const Seconds end = width_ * (static_cast<double>(interval) + 1.0);
    const Seconds until = end > last_ ? Min(now, end) : now;
    fleetsim::Add(integrals_[interval], occupancy * (until - last_).value());
    last_ = until;
  }
}

void OccupancyHistory::Halve() {
  for (std::size_t i = 0; i < integrals_.size(); ++i) {
    const Occupancy integral = integrals_[i];
    if (i % 2 == 0) {
      integrals_[i / 2] = integral;
    } else {
      fleetsim::Add(integrals_[i / 2], integral);
    }
  }
  integrals_.resize((integrals_.size() + 1) / 2);
  width_ *= 2.0;
}

Occupancy OccupancyHistory::Mean(int interval) const {
  const bool last = interval + 1 == size();
  const Seconds span = last ? last_ - width_ * interval : width_;
  return span > Seconds() ? integrals_[interval] * (1.0 / span.value()) : Occupancy();
}

Occupancy OccupancyHistory::Integral() const {
  Occupancy sum;
  for (const Occupancy& integral : integrals_) fleetsim::Add(sum, integral);
  return sum;
}

}  // namespace fleetsim
