#include "sim/inference/capacity_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/inference/request_traffic.h"

namespace fleetsim {
namespace {

constexpr double kStride = 2;     // between the first probes
constexpr int kMostStrides = 24;  // either way: from 1 / 16 million to 16 million times the job's
// Requests in the system for each instance, in the mean, below which they hardly meet each other:
// fewer arrivals do not help.
constexpr double kAlone = 0.01;
constexpr double kBeyond = 1.15;  // a curve ends at this much of the highest rate

class Search {
 public:
  Search(const ServingJob& job, const CapacityInputs& inputs) : job_(job), inputs_(inputs) {}

  // Simulates and keeps the probe; whether it meets the objectives.
  absl::StatusOr<bool> Try(double setting, std::optional<int> instances = std::nullopt) {
    ServingJob tried = job_;
    tried.traffic = AtRate(job_.traffic, setting);
    const bool drawn = std::holds_alternative<ArrivalRequest>(job_.traffic.source);
    // The warm-up takes more requests the faster they come; as many are left to be counted.
    if (drawn && tried.traffic.requests) {
      *tried.traffic.requests += std::ceil(setting * job_.traffic.warm_up.value());
    }
    if (instances) tried.pools.front().instances = instances;
    ASSIGN_OR_RETURN(ServingOutcome outcome, RunServingJob(tried, inputs_.fleet, inputs_.catalog,
                                                           inputs_.economics, inputs_.network));
    CapacityProbe probe;
    probe.rate = drawn ? setting : outcome.summary.offered_rate;
    probe.instances = outcome.plan.Instances();
    probe.outcome = std::move(outcome);
    const bool meets = probe.outcome.summary.meets;
    probes_.push_back(std::move(probe));
    return meets;
  }

  // The best of what was tried. Probes that meet the objectives at a higher rate than one that does
  // not are beyond the search's bracket.
  CapacityResult Take(double most_rate, bool fewest_instances) {
    std::stable_sort(probes_.begin(), probes_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.rate, a.instances) < std::pair(b.rate, b.instances);
    });
    CapacityResult result;
    result.probes = std::move(probes_);
    for (std::size_t i = 0; i < result.probes.size(); ++i) {
      const CapacityProbe& probe = result.probes[i];
      if (!probe.outcome.summary.meets || probe.rate > most_rate) continue;
      if (!result.best || !fewest_instances) result.best = i;
    }
    return result;
  }

  double LastRate() const { return probes_.back().rate; }
  // Requests in the system over instances, by Little's law.
  double LastLoad() const {
    const CapacityProbe& last = probes_.back();
    return last.rate * last.outcome.summary.end_to_end.mean.value() / last.instances;
  }

 private:
  const ServingJob& job_;
  const CapacityInputs& inputs_;
  std::vector<CapacityProbe> probes_;
};

// A setting that meets the objectives and one that does not; zero where there is none.
struct Bracket {
  double good = 0, bad = 0;
  double good_rate = 0;  // requests a second at `good`
};

absl::StatusOr<Bracket> FindBracket(Search& search, double setting) {
  Bracket bracket;
  for (int i = 0; i < kMostStrides; ++i) {
    ASSIGN_OR_RETURN(const bool meets, search.Try(setting));
    (meets ? bracket.good : bracket.bad) = setting;
    if (meets) bracket.good_rate = search.LastRate();
    if (bracket.good > 0 && bracket.bad > 0) break;
    if (!meets && search.LastLoad() < kAlone) break;
    setting = meets ? setting * kStride : setting / kStride;
  }
  return bracket;
}

// Pools that the search may not change, and those it may.
absl::Status CheckOnePool(const ServingJob& job) {
  if (job.pools.size() == 1 && !job.pools.front().autoscale) return absl::OkStatus();
  return InputError({.file = "--rate"}, "the job has several pools, or autoscaling",
                    "give --rate for jobs of one pool with a fixed number of instances");
}

}  // namespace

absl::StatusOr<CapacityResult> FindHighestRate(const ServingJob& job, const CapacityInputs& inputs,
                                               int curve_points) {
  const std::optional<double> first = RateOf(job.traffic);
  if (!first) {
    return InputError(job.traffic.place, "closed loops and batches have no rate",
                      "give arrivals or a trace");
  }
  Search search(job, inputs);
  ASSIGN_OR_RETURN(Bracket bracket, FindBracket(search, *first));
  while (bracket.good > 0 && bracket.bad / bracket.good > inputs.precision) {
    const double middle = std::sqrt(bracket.good * bracket.bad);
    ASSIGN_OR_RETURN(const bool meets, search.Try(middle));
    (meets ? bracket.good : bracket.bad) = middle;
    if (meets) bracket.good_rate = search.LastRate();
  }
  for (int i = 1; i <= curve_points && bracket.good > 0; ++i) {
    const double setting = bracket.good * kBeyond * i / curve_points;
    RETURN_IF_ERROR(search.Try(setting).status());
  }
  return search.Take(bracket.good_rate, false);
}

absl::StatusOr<CapacityResult> FindFewestInstances(const ServingJob& job, double rate,
                                                   const CapacityInputs& inputs) {
  RETURN_IF_ERROR(CheckOnePool(job));
  if (!std::holds_alternative<ArrivalRequest>(job.traffic.source)) {
    return InputError(job.traffic.place, "--rate is given", "give arrivals in the job's traffic");
  }
  ServingJob whole = job;
  whole.pools.front().instances.reset();
  Search search(whole, inputs);
  ASSIGN_OR_RETURN(const std::vector<PoolPlace> room,
                   PlaceInstances(whole, inputs.fleet, inputs.catalog));
  int most = 0;
  for (const PoolPlace& place : room) most += static_cast<int>(place.instances.size());
  int bad = 0, good = 1;
  while (true) {
    ASSIGN_OR_RETURN(const bool meets, search.Try(rate, good));
    if (meets) break;
    bad = good;
    if (good == most) return search.Take(rate, true);
    good = std::min(2 * good, most);
  }
  while (good - bad > 1) {
    const int middle = bad + (good - bad) / 2;
    ASSIGN_OR_RETURN(const bool meets, search.Try(rate, middle));
    (meets ? good : bad) = middle;
  }
  return search.Take(rate, true);
}

}  // namespace fleetsim
