#include "sim/report/serving_report.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "sim/base/check.h"
#include "sim/report/result_parts.h"
#include "sim/report/serving_setup.h"

namespace fleetsim {
namespace {

proto::Latency BuildLatency(const LatencySummary& summary) {
  proto::Latency out;
  out.set_mean_s(summary.mean.value());
  out.set_p50_s(summary.p50.value());
  out.set_p90_s(summary.p90.value());
  out.set_p99_s(summary.p99.value());
  return out;
}

void AddRequests(const ServingSummary& summary, proto::ServingResult& out) {
  *out.mutable_ttft() = BuildLatency(summary.ttft);
  *out.mutable_tpot() = BuildLatency(summary.tpot);
  *out.mutable_end_to_end() = BuildLatency(summary.end_to_end);
  out.set_requests(static_cast<double>(summary.completed));
  out.set_refused_requests(static_cast<double>(summary.refused));
  out.set_too_long_requests(static_cast<double>(summary.too_long));
  out.set_retries(static_cast<double>(summary.retries));
  out.set_preemptions(static_cast<double>(summary.preemptions));
  out.set_input_tokens(summary.input_tokens);
  out.set_output_tokens(summary.output_tokens);
  out.set_cached_tokens(summary.cached_tokens);
  out.set_span_s(summary.span.value());
}

void AddRates(const ServingSummary& summary, int accelerators, proto::ServingResult& out) {
  const double input = summary.Rate(summary.input_tokens);
  const double output = summary.Rate(summary.output_tokens);
  out.set_requests_per_s(summary.Rate(static_cast<double>(summary.completed)));
  out.set_input_tokens_per_s(input);
  out.set_output_tokens_per_s(output);
  out.set_input_tokens_per_s_per_accelerator(input / accelerators);
  out.set_output_tokens_per_s_per_accelerator(output / accelerators);
}

void AddObjectives(const Objectives& objectives, const ServingSummary& summary,
                   proto::ServingResult& out) {
  if (objectives.ttft) out.set_objective_ttft_s(objectives.ttft->value());
  if (objectives.tpot) out.set_objective_tpot_s(objectives.tpot->value());
  out.set_objective_percentile_ratio(objectives.percentile);
  const auto good = static_cast<double>(summary.good);
  if (summary.completed > 0) out.set_good_ratio(good / static_cast<double>(summary.completed));
  out.set_goodput_requests_per_s(summary.Rate(good));
  out.set_meets_objectives(summary.meets);
}

void AddCapacity(const PlannedPool& pool, proto::ServingPool& out) {
  out.set_memory_bytes(pool.capacity.memory.value());
  out.set_weights_bytes(pool.capacity.weights.value());
  out.set_workspace_bytes(pool.capacity.workspace.value());
  out.set_reserved_bytes(pool.capacity.reserved.value());
  out.set_cache_bytes(pool.capacity.cache.value());
  out.set_cache_bytes_per_token(pool.capacity.per_token.value());
  out.set_block_tokens(pool.spec.options.block_tokens);
  out.set_blocks(static_cast<double>(pool.capacity.blocks));
}

void AddUse(const PoolUse& use, int instances, Seconds duration, proto::ServingPool& out) {
  out.set_mean_batch(use.mean.running / instances);
  out.set_max_batch(use.most.running / instances);
  out.set_mean_waiting(use.mean.waiting / instances);
  out.set_max_waiting(use.most.waiting / instances);
  out.set_mean_cache_ratio(use.mean.cache_ratio);
  out.set_max_cache_ratio(use.most.cache_ratio);
  out.set_cache_full_time_ratio(use.full_ratio);
  out.set_steps(static_cast<double>(use.steps));
  Seconds steps;
  for (const Seconds part : use.parts) steps += part;
  if (use.steps > 0) {
    out.set_mean_step_s(out.pipeline() * steps.value() / static_cast<double>(use.steps));
  }
  out.set_preemptions(static_cast<double>(use.preemptions));
  out.set_recomputed_tokens(use.recomputed_tokens);
  out.set_cached_tokens(use.cached_tokens);
  out.set_deaths(static_cast<double>(use.deaths));
  if (use.on > Seconds()) out.set_busy_ratio(use.busy / use.on);
  const double width = duration.value() / kOccupancyPoints;
  for (const OccupancyPoint& point : use.points) {
    proto::OccupancyPoint& added = *out.add_points();
    added.set_time_s(width * out.points_size());
    added.set_running(point.running);
    added.set_waiting(point.waiting);
    added.set_cache_ratio(point.cache_ratio);
  }
}

proto::ServingPool BuildPool(const PlannedPool& pool, const Pool& deployed, const PoolUse& use,
                             const Fleet& fleet, Seconds duration) {
  proto::ServingPool out;
  out.set_role(RoleName(deployed.role));
  out.set_accelerator(fleet.leaves[pool.place.leaf].accelerator->name);
  out.set_instances(deployed.size());
  out.set_tensor(pool.spec.layout.tensor);
  out.set_pipeline(pool.spec.layout.pipeline);
  out.set_attention_data(pool.spec.layout.attention_data);
  out.set_expert(pool.spec.layout.expert);
  out.set_accelerators_per_instance(pool.AcceleratorsOfInstance());
  AddCapacity(pool, out);
  AddUse(use, deployed.size(), duration, out);
  return out;
}

proto::ServingTime BuildTime(const ServingOutcome& outcome) {
  proto::ServingTime out;
  for (std::size_t i = 0; i < outcome.uses.size(); ++i) {
    const PoolUse& use = outcome.uses[i];
    const double weight = outcome.plan.pools[i].AcceleratorsOfInstance();
    const auto part = [&](StepPart which) {
      return weight * use.parts[static_cast<int>(which)].value();
    };
    out.set_matrix_s(out.matrix_s() + part(StepPart::kMatrix));
    out.set_attention_s(out.attention_s() + part(StepPart::kAttention));
    out.set_memory_s(out.memory_s() + part(StepPart::kMemory));
    out.set_communication_s(out.communication_s() + part(StepPart::kCommunication));
    out.set_host_s(out.host_s() + part(StepPart::kHost));
    out.set_swapping_s(out.swapping_s() + weight * use.swapping.value());
    out.set_no_requests_s(out.no_requests_s() + weight * Max(Seconds(), use.on - use.busy).value());
  }
  return out;
}

void AddLimits(const ServingLimits& limits, proto::JobResult& result) {
  std::vector<std::pair<const char*, double>> shares = {
      {"arithmetic", limits.math},    {"memory bandwidth", limits.bandwidth},
      {"KV cache", limits.cache},     {"network", limits.network},
      {"host", limits.host},          {"swapping", limits.swapping},
      {"no requests", limits.traffic}};
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [what, share] : shares) {
    if (share <= 0) continue;
    proto::Limit& limit = *result.add_limits();
    limit.set_what(what);
    limit.set_share_ratio(share);
  }
}

constexpr double kMillion = 1e6;

// Absent where unknown, or where there were no tokens.
template <class Set>
void SetPerToken(const auto& phases, double input, double output, double tokens, Set set) {
  if (!phases || input <= 0 || output <= 0) return;
  set(phases->prefill.value() / input * tokens, phases->decode.value() / output * tokens);
}

void AddPerToken(const ServingOutcome& outcome, proto::ServingResult& out) {
  const double input = outcome.summary.all_input_tokens;
  const double output = outcome.summary.all_output_tokens;
  SetPerToken(outcome.charges.phase_energy, input, output, 1, [&](double in, double answer) {
    out.set_energy_per_input_token_j(in);
    out.set_energy_per_output_token_j(answer);
  });
  SetPerToken(outcome.charges.phase_owned, input, output, kMillion, [&](double in, double answer) {
    out.set_owned_cost_per_million_input_tokens_usd(in);
    out.set_owned_cost_per_million_output_tokens_usd(answer);
  });
  SetPerToken(outcome.charges.phase_rented, input, output, kMillion, [&](double in, double answer) {
    out.set_rented_cost_per_million_input_tokens_usd(in);
    out.set_rented_cost_per_million_output_tokens_usd(answer);
  });
}

void AddEnergy(const ServingCharges& charges, Seconds duration, proto::JobResult& result) {
  if (charges.carbon_g) result.set_carbon_g(*charges.carbon_g);
  if (charges.provisioned_power) {
    result.set_provisioned_power_w(charges.provisioned_power->value());
  }
  if (!charges.energy) return;
  const ServingEnergyParts& parts = *charges.energy;
  result.set_energy_j(parts.Total().value());
  if (duration > Seconds()) result.set_mean_power_w((parts.Total() / duration).value());
  proto::ServingEnergy& out = *result.mutable_serving()->mutable_energy();
  out.set_prefill_j(parts.prefill.value());
  out.set_decode_j(parts.decode.value());
  out.set_waiting_j(parts.waiting.value());
  out.set_servers_j(parts.servers.value());
  out.set_network_j(parts.network.value());
  out.set_facility_j(parts.facility.value());
}

void AddMoney(const ServingCharges& charges, bool prefer_rented, proto::JobResult& result) {
  const std::optional<Usd> owned = charges.owned.Total();
  const std::optional<Usd> cost = prefer_rented ? charges.rented : owned;
  result.set_cost_basis(prefer_rented ? "rented" : "owned");
  if (cost) result.set_cost_usd(cost->value());
  *result.mutable_owned_cost() = BuildCost(charges.owned);
  if (charges.rented) result.set_rented_cost_usd(charges.rented->value());
  if (charges.capex) result.set_capex_usd(charges.capex->value());
}

void AddSetup(const ServingPlan& plan, const Fleet& fleet, proto::Setup& setup) {
  std::set<std::string> accelerators;
  std::set<int> hosts;
  for (const PlannedPool& pool : plan.pools) {
    accelerators.insert(fleet.leaves[pool.place.leaf].accelerator->name);
    for (const std::vector<int>& instance : pool.place.instances) {
      hosts.insert(instance.begin(), instance.end());
    }
  }
  setup.set_accelerator(absl::StrJoin(accelerators, " + "));
  setup.set_accelerators(plan.Accelerators());
  setup.set_hosts(static_cast<int>(hosts.size()));
  setup.set_fleet_accelerators(fleet.Accelerators());
}

}  // namespace

proto::JobResult BuildServingResult(const Job& job, const Fleet& fleet,
                                    const ServingOutcome& outcome, bool prefer_rented) {
  proto::JobResult result = DescribeServing(job, fleet.name, fleet.file);
  result.set_outcome(proto::JobResult::DONE);
  AddSetup(outcome.plan, fleet, *result.mutable_setup());
  proto::ServingResult& out = *result.mutable_serving();
  AddRequests(outcome.summary, out);
  AddRates(outcome.summary, outcome.plan.Accelerators(), out);
  AddObjectives(job.serving->objectives, outcome.summary, out);
  for (std::size_t i = 0; i < outcome.plan.pools.size(); ++i) {
    *out.add_pools() = BuildPool(outcome.plan.pools[i], outcome.plan.deployment.pools[i],
                                 outcome.uses[i], fleet, outcome.duration);
  }
  *out.mutable_time() = BuildTime(outcome);
  out.set_transfers(outcome.transfers);
  out.set_transferred_bytes(outcome.transferred.value());
  AddLimits(outcome.limits, result);
  result.set_duration_s(outcome.duration.value());
  result.set_tokens(outcome.summary.all_input_tokens + outcome.summary.all_output_tokens);
  AddEnergy(outcome.charges, outcome.duration, result);
  AddMoney(outcome.charges, prefer_rented, result);
  AddPerToken(outcome, out);
  AddAssumptions(outcome.plan.assumptions, result);
  AddAssumptions(outcome.charges.assumptions, result);
  AddMissing(outcome.charges.missing, result);
  return result;
}

proto::JobResult BuildServingFailure(const Job& job, const Fleet& fleet,
                                     const absl::Status& status) {
  FLEETSIM_CHECK(!status.ok());
  proto::JobResult result = DescribeServing(job, fleet.name, fleet.file);
  SetFailure(status, result);
  return result;
}

}  // namespace fleetsim
