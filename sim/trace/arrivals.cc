#include "sim/trace/arrivals.h"

#include "sim/base/check.h"

namespace fleetsim {
namespace {

constexpr std::uint64_t kStream = 1;

}  // namespace

ArrivalProcess::ArrivalProcess(const Arrivals& arrivals, std::uint64_t seed)
    : arrivals_(arrivals), random_(seed, kStream) {
  FLEETSIM_CHECK(arrivals.rate_per_s > 0.0 && arrivals.variation > 0.0);
  if (arrivals.kind != ArrivalKind::kOnOff) return;
  FLEETSIM_CHECK(arrivals.on > Seconds(0.0) && arrivals.off >= Seconds(0.0));
  on_left_s_ = random_.Exponential() * arrivals.on.value();
}

Seconds ArrivalProcess::Next() {
  now_s_ += NextInterval();
  return Seconds(now_s_);
}

double ArrivalProcess::NextInterval() {
  const double mean = 1.0 / arrivals_.rate_per_s;
  switch (arrivals_.kind) {
    case ArrivalKind::kConstant:
      return mean;
    case ArrivalKind::kPoisson:
      return mean * random_.Exponential();
    case ArrivalKind::kGamma: {
      const double square = arrivals_.variation * arrivals_.variation;
      return mean * square * random_.Gamma(1.0 / square);
    }
    case ArrivalKind::kOnOff:
      return NextOnOffInterval();
  }
  FLEETSIM_CHECK(false);
}

// While on, requests arrive so much faster that the mean over on and off is the rate.
double ArrivalProcess::NextOnOffInterval() {
  const double on_share = arrivals_.on / (arrivals_.on + arrivals_.off);
  const double mean_while_on = on_share / arrivals_.rate_per_s;
  double left = mean_while_on * random_.Exponential();  // of time that is on
  double interval = left;
  while (left > on_left_s_) {
    left -= on_left_s_;
    interval += random_.Exponential() * arrivals_.off.value();
    on_left_s_ = random_.Exponential() * arrivals_.on.value();
  }
  on_left_s_ -= left;
  return interval;
}

}  // namespace fleetsim
