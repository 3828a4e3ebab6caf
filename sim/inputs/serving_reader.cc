#include "sim/inputs/serving_reader.h"

#include <algorithm>
#include <utility>

#include "proto/serving.pb.h"
#include "sim/inputs/serving_pool_reader.h"
#include "sim/inputs/serving_precision_reader.h"
#include "sim/inputs/traffic_reader.h"

namespace fleetsim {
namespace {

constexpr double kMaxWait = 1e9;  // seconds
constexpr double kMaxDraftTokens = 64;
constexpr double kMaxInstance = 100'000;

absl::StatusOr<RouterRequest> ReadRouter(const FieldCheck& check, const proto::Router& entry) {
  RouterRequest router;
  switch (entry.policy()) {
    case proto::Router::POLICY_UNSPECIFIED:
    case proto::Router::LEAST_LOADED:
      router.policy = RoutePolicy::kFewestRequests;
      break;
    case proto::Router::ROUND_ROBIN:
      router.policy = RoutePolicy::kRoundRobin;
      break;
    case proto::Router::PREFIX_AWARE:
      router.policy = RoutePolicy::kPrefixAware;
      break;
    case proto::Router::FEWEST_TOKENS:
      router.policy = RoutePolicy::kFewestTokens;
      break;
    default:
      return check.Wrong("policy", absl::StrCat("is ", entry.policy()),
                         "give ROUND_ROBIN, LEAST_LOADED, PREFIX_AWARE or FEWEST_TOKENS");
  }
  RETURN_IF_ERROR(check.InRange("latency_s", entry.latency_s(), 0, kMaxWait));
  router.latency = Seconds(entry.latency_s());
  return router;
}

absl::Status ReadListed(const FieldCheck& check, const proto::InstanceFailures& entry,
                        InstanceFailures& failures) {
  if (entry.instance_size() > 0 && entry.instance_size() != entry.time_s_size()) {
    return check.Wrong("instance", absl::StrCat("has ", entry.instance_size(), " numbers"),
                       absl::StrCat("give one for each of the ", entry.time_s_size(), " times"));
  }
  for (int i = 0; i < entry.time_s_size(); ++i) {
    RETURN_IF_ERROR(check.InRange(absl::StrCat("time_s[", i, "]"), entry.time_s(i), 0, kMaxWait));
    const int instance = entry.instance_size() > 0 ? entry.instance(i) : i;
    RETURN_IF_ERROR(check.InRange(absl::StrCat("instance[", i, "]"), instance, 0, kMaxInstance));
    failures.listed.push_back({Seconds(entry.time_s(i)), instance});
  }
  std::stable_sort(failures.listed.begin(), failures.listed.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  return absl::OkStatus();
}

absl::StatusOr<InstanceFailures> ReadFailures(const FieldCheck& check,
                                              const proto::InstanceFailures& entry) {
  InstanceFailures failures;
  if (entry.has_mtbf_s() == (entry.time_s_size() > 0)) {
    return check.Wrong("", entry.has_mtbf_s() ? "states failures in two ways" : "states none",
                       "give one of mtbf_s and time_s");
  }
  if (entry.has_mtbf_s()) {
    RETURN_IF_ERROR(check.InRange("mtbf_s", entry.mtbf_s(), 1, 1e12));
    failures.mean_time_between = Seconds(entry.mtbf_s());
  }
  RETURN_IF_ERROR(ReadListed(check, entry, failures));
  if (entry.has_repair_s()) {
    RETURN_IF_ERROR(check.InRange("repair_s", entry.repair_s(), 0, kMaxWait));
    failures.repair = Seconds(entry.repair_s());
  }
  return failures;
}

absl::StatusOr<Speculation> ReadSpeculation(const FieldCheck& check,
                                            const proto::SpeculativeDecoding& entry,
                                            const Architecture& model) {
  if (model.multi_token_prediction_layers == 0) {
    return check.Wrong("", "is given",
                       absl::StrCat(model.name, " has no further-token modules: leave it out"));
  }
  RETURN_IF_ERROR(check.InRange("draft_tokens", entry.draft_tokens(), 1, kMaxDraftTokens));
  RETURN_IF_ERROR(
      check.InRange("accepted_tokens", entry.accepted_tokens(), 1, entry.draft_tokens() + 1.0));
  return Speculation{entry.draft_tokens(), entry.accepted_tokens()};
}

absl::StatusOr<Objectives> ReadObjectives(const FieldCheck& check, const proto::Objectives& entry) {
  Objectives objectives;
  if (entry.has_ttft_s()) {
    RETURN_IF_ERROR(check.InRange("ttft_s", entry.ttft_s(), 1e-6, kMaxWait));
    objectives.ttft = Seconds(entry.ttft_s());
  }
  if (entry.has_tpot_s()) {
    RETURN_IF_ERROR(check.InRange("tpot_s", entry.tpot_s(), 1e-6, kMaxWait));
    objectives.tpot = Seconds(entry.tpot_s());
  }
  if (entry.has_percentile_ratio()) {
    RETURN_IF_ERROR(check.InRange("percentile_ratio", entry.percentile_ratio(), 0.01, 0.9999));
    objectives.percentile = entry.percentile_ratio();
  }
  return objectives;
}

// What may be left out.
absl::Status ReadOptional(const FieldCheck& check, const proto::Serve& entry, ServingJob& job) {
  ASSIGN_OR_RETURN(job.precision,
                   ReadServingPrecision(check.Inside("precision"), entry.precision(), job.model));
  ASSIGN_OR_RETURN(job.router, ReadRouter(check.Inside("router"), entry.router()));
  if (entry.has_failures()) {
    ASSIGN_OR_RETURN(job.failures, ReadFailures(check.Inside("failures"), entry.failures()));
  }
  if (entry.has_speculation()) {
    ASSIGN_OR_RETURN(job.speculation,
                     ReadSpeculation(check.Inside("speculation"), entry.speculation(), job.model));
  }
  ASSIGN_OR_RETURN(job.objectives, ReadObjectives(check.Inside("objectives"), entry.objectives()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServingJob> ReadServe(const FieldCheck& check, const std::string& path,
                                     const proto::Serve& entry, Architecture model,
                                     const std::string& models_root) {
  ServingJob job;
  job.model = std::move(model);
  job.engine_place = check.At("engine");
  job.precision_place = check.At("precision");
  RETURN_IF_ERROR(check.Given("engine", !entry.engine().empty(), "give a serving engine's name"));
  job.engine = entry.engine();
  RETURN_IF_ERROR(ReadOptional(check, entry, job));
  ASSIGN_OR_RETURN(job.pools, ReadPools(check, entry, job.model));
  RETURN_IF_ERROR(check.Given("traffic", entry.has_traffic(),
                              "give a trace, arrivals, a closed loop or a fixed batch"));
  ASSIGN_OR_RETURN(job.traffic,
                   ReadTraffic(check.Inside("traffic"), path, entry.traffic(), models_root));
  return job;
}

}  // namespace fleetsim
