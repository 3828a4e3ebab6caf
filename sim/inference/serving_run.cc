#include "sim/inference/serving_run.h"

#include <algorithm>
#include <utility>

#include "sim/inference/request_traffic.h"
#include "sim/serving/serve.h"
#include "sim/trace/random.h"

namespace fleetsim {
namespace {

constexpr std::uint64_t kFirstFailureStream = 1000;  // of random numbers; one an instance
constexpr std::size_t kMostOutages = 1'000'000;

// Failures up to `horizon`; an instance under repair does not fail.
absl::StatusOr<std::vector<Outage>> DrawOutages(const InstanceFailures& failures, int instances,
                                                int seed, Seconds horizon) {
  std::vector<Outage> outages;
  for (int i = 0; i < instances; ++i) {
    Random random(static_cast<std::uint64_t>(seed),
                  kFirstFailureStream + static_cast<std::uint64_t>(i));
    Seconds date;
    while (true) {
      date += random.Exponential() * *failures.mean_time_between;
      if (date > horizon) break;
      outages.push_back({i, date, failures.repair});
      date += failures.repair;
      if (outages.size() > kMostOutages) {
        return absl::InvalidArgumentError(
            "failures.mtbf_s: more than a million failures in the run; give a longer time");
      }
    }
  }
  return outages;
}

absl::StatusOr<std::vector<Outage>> ListedOutages(const InstanceFailures& failures, int instances) {
  std::vector<Outage> outages;
  for (const InstanceFailure& failure : failures.listed) {
    if (failure.instance >= instances) {
      return absl::InvalidArgumentError(absl::StrCat("failures.instance: is ", failure.instance,
                                                     "; there are ", instances, ", from 0"));
    }
    outages.push_back({failure.instance, failure.time, failures.repair});
  }
  return outages;
}

absl::StatusOr<ServingRecord> RunOnce(const ServingJob& job, const ServingPlan& plan,
                                      const Deployment& deployment, Network& network) {
  ASSIGN_OR_RETURN(RequestTraffic traffic, RequestTraffic::Open(job.traffic, plan.frontend));
  absl::StatusOr<ServingRecord> record = Serve(network, deployment, traffic.source());
  if (!record.ok() && record.status().code() == absl::StatusCode::kInvalidArgument) {
    return InputError(job.traffic.place, record.status().message(), "");
  }
  return record;
}

}  // namespace

absl::StatusOr<ServingRecord> SimulateServing(const ServingJob& job, const ServingPlan& plan,
                                              Network& network) {
  if (!job.failures) return RunOnce(job, plan, plan.deployment, network);
  Deployment deployment = plan.deployment;
  if (!job.failures->mean_time_between) {
    ASSIGN_OR_RETURN(deployment.outages, ListedOutages(*job.failures, plan.Instances()));
    return RunOnce(job, plan, deployment, network);
  }
  // How long the run takes is known at its end: failures are drawn further until they cover it.
  for (Seconds horizon(kSecondsPerHour);; horizon *= 4.0) {
    ASSIGN_OR_RETURN(deployment.outages,
                     DrawOutages(*job.failures, plan.Instances(), job.traffic.seed, horizon));
    ASSIGN_OR_RETURN(ServingRecord record, RunOnce(job, plan, deployment, network));
    if (record.end <= horizon) return record;
  }
}

}  // namespace fleetsim
