#include "sim/report/report.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "sim/base/check.h"
#include "sim/report/report_csv.h"
#include "sim/report/report_json.h"
#include "sim/report/report_text.h"
#include "sim/report/result_parts.h"

namespace fleetsim {
namespace {

constexpr double kRounding = 1e-6;  // relative, of sums over many workers

double PartSeconds(const StepResult& step, Part part) {
  return step.parts[static_cast<int>(part)].value();
}

double ActivitySeconds(const StepResult& step, Activity activity) {
  return step.activities[static_cast<int>(activity)].value();
}

template <std::size_t n>
bool SumsTo(const std::array<Seconds, n>& parts, Seconds whole) {
  Seconds sum;
  for (Seconds part : parts) sum += part;
  return std::abs((sum - whole).value()) <= kRounding * whole.value();
}

proto::Breakdown BuildBreakdown(const StepResult& step) {
  proto::Breakdown out;
  out.set_forward_s(PartSeconds(step, Part::kForward));
  out.set_backward_s(PartSeconds(step, Part::kBackward));
  out.set_recompute_s(PartSeconds(step, Part::kRecompute));
  out.set_tensor_exposed_s(PartSeconds(step, Part::kTensorExposed));
  out.set_pipeline_exposed_s(PartSeconds(step, Part::kPipelineExposed));
  out.set_data_exposed_s(PartSeconds(step, Part::kDataExposed));
  out.set_bubble_s(PartSeconds(step, Part::kBubble));
  out.set_optimizer_s(PartSeconds(step, Part::kOptimizer));
  out.set_host_s(PartSeconds(step, Part::kHost));
  out.set_other_s(PartSeconds(step, Part::kOther));
  out.set_expert_exposed_s(PartSeconds(step, Part::kExpertExposed));
  return out;
}

proto::ActivityTime BuildActivities(const StepResult& step) {
  proto::ActivityTime out;
  out.set_matrix_s(ActivitySeconds(step, Activity::kMatrix));
  out.set_attention_s(ActivitySeconds(step, Activity::kAttention));
  out.set_memory_s(ActivitySeconds(step, Activity::kMemory));
  out.set_network_s(ActivitySeconds(step, Activity::kNetwork));
  out.set_idle_s(ActivitySeconds(step, Activity::kIdle));
  return out;
}

// Kernels by what bounds them, everything else by what is waited for; largest first.
void AddLimits(const StepResult& step, proto::JobResult& result) {
  std::vector<std::pair<const char*, double>> shares = {
      {"matrix products", ActivitySeconds(step, Activity::kMatrix)},
      {"attention", ActivitySeconds(step, Activity::kAttention)},
      {"memory-bound kernels", ActivitySeconds(step, Activity::kMemory)},
      {"tensor communication", PartSeconds(step, Part::kTensorExposed)},
      {"pipeline transfers", PartSeconds(step, Part::kPipelineExposed)},
      {"expert exchange", PartSeconds(step, Part::kExpertExposed)},
      {"data communication", PartSeconds(step, Part::kDataExposed)},
      {"pipeline bubble", PartSeconds(step, Part::kBubble)},
      {"host", PartSeconds(step, Part::kHost)}};
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [what, seconds] : shares) {
    if (seconds <= 0) continue;
    proto::Limit& limit = *result.add_limits();
    limit.set_what(what);
    limit.set_share_ratio(seconds / step.duration.value());
  }
}

void AddSlowHosts(const StepResult& step, proto::JobResult& result) {
  if (step.slow_hosts.empty()) return;
  result.set_nominal_step_time_s(step.nominal_duration.value());
  for (const SlowHost& slow : step.slow_hosts) {
    proto::SlowHost& out = *result.add_slow_hosts();
    out.set_host(slow.host);
    out.set_speed_ratio(slow.speed);
    out.set_cost_s(slow.cost.value());
  }
}

proto::Strategy BuildStrategy(const Strategy& strategy) {
  proto::Strategy out;
  out.set_tensor(strategy.tensor);
  out.set_pipeline(strategy.pipeline);
  out.set_data(strategy.data);
  out.set_context(strategy.context);
  out.set_virtual_stages(strategy.virtual_stages);
  out.set_micro_batch_sequences(strategy.micro_batch);
  out.set_micro_batches(strategy.micro_batches);
  out.set_sequence_parallel(strategy.sequence_parallel);
  out.set_zero_stage(strategy.zero_stage);
  out.set_optimizer_shards(strategy.optimizer_shards);
  for (int layers : strategy.chunk_layers) out.add_chunk_layers(layers);
  if (strategy.expert * strategy.expert_tensor > 1) {
    out.set_expert(strategy.expert);
    out.set_expert_tensor(strategy.expert_tensor);
  }
  return out;
}

proto::Setup BuildSetup(const JobDescription& description) {
  proto::Setup out;
  out.set_model(description.model);
  if (description.parameters > 0) out.set_parameters(description.parameters);
  out.set_stack(description.stack);
  out.set_precision(description.precision);
  out.set_recompute(description.recompute);
  out.set_sequence_length(description.sequence_length);
  out.set_global_batch_sequences(description.global_batch_sequences);
  out.set_tuning(description.tuning);
  if (!description.tuning.empty()) {
    out.set_trainable_parameters(description.trainable_parameters);
  }
  return out;
}

proto::Memory BuildMemory(const MemoryUse& memory) {
  proto::Memory out;
  out.set_weights_bytes(memory.weights.value());
  out.set_gradients_bytes(memory.gradients.value());
  out.set_optimizer_bytes(memory.optimizer.value());
  out.set_activations_bytes(memory.activations.value());
  out.set_working_bytes(memory.working.value());
  out.set_reserved_bytes(memory.reserved.value());
  out.set_slack_bytes(memory.slack.value());
  out.set_stage(memory.stage);
  return out;
}

proto::Energy BuildEnergy(const EnergyParts& energy) {
  const auto accelerators = [&](Activity activity) {
    return energy.accelerators[static_cast<int>(activity)].value();
  };
  proto::Energy out;
  out.set_accelerators_matrix_j(accelerators(Activity::kMatrix));
  out.set_accelerators_attention_j(accelerators(Activity::kAttention));
  out.set_accelerators_memory_j(accelerators(Activity::kMemory));
  out.set_accelerators_network_j(accelerators(Activity::kNetwork));
  out.set_accelerators_idle_j(accelerators(Activity::kIdle));
  out.set_servers_j(energy.servers.value());
  out.set_network_j(energy.network.value());
  out.set_facility_j(energy.facility.value());
  return out;
}

std::string AcceleratorNames(const Fleet& fleet) {
  std::set<std::string> names;
  for (const Leaf& leaf : fleet.leaves) names.insert(leaf.accelerator->name);
  return absl::StrJoin(names, " + ");
}

void AddStep(const StepResult& step, proto::JobResult& result) {
  FLEETSIM_CHECK(SumsTo(step.parts, step.duration));
  FLEETSIM_CHECK(SumsTo(step.activities, step.duration));
  const double rate = step.tokens / step.duration.value();
  result.set_step_time_s(step.duration.value());
  result.set_tokens_per_s(rate);
  result.set_tokens_per_s_per_accelerator(rate / step.accelerators);
  result.set_model_flops_utilization(step.ModelFlopsUtilization());
  result.set_model_flops_utilization_full_attention(
      step.ModelFlopsUtilization() * (step.model_flops_full_attention / step.model_flops));
  result.set_hardware_flops_utilization(step.HardwareFlopsUtilization());
  result.set_model_flops_per_step(step.model_flops.value());
  result.set_hardware_flops_per_step(step.hardware_flops.value());
  *result.mutable_breakdown() = BuildBreakdown(step);
  *result.mutable_activities() = BuildActivities(step);
  AddLimits(step, result);
  AddSlowHosts(step, result);
  result.set_memory_bytes_per_accelerator(step.memory.Total().value());
  result.set_memory_capacity_bytes(step.memory_capacity.value());
  *result.mutable_memory() = BuildMemory(step.memory);
  result.set_detail(step.detail);
  result.set_simulated_activities(static_cast<double>(step.simulated_activities));
  result.set_network_bytes_per_step(step.network_bytes);
}

void AddUnused(const UnusedShare& unused, proto::JobResult& result) {
  if (unused.accelerators == 0) return;
  proto::Unused& out = *result.mutable_unused();
  out.set_accelerators(unused.accelerators);
  if (unused.energy) out.set_energy_j(unused.energy->value());
  if (unused.cost) out.set_cost_usd(unused.cost->value());
}

void AddMoney(const EconomicsResult& economics, proto::JobResult& result) {
  result.set_cost_basis(economics.prefer_rented ? "rented" : "owned");
  if (const auto cost = economics.Cost()) result.set_cost_usd(cost->value());
  *result.mutable_owned_cost() = BuildCost(economics.owned);
  if (economics.rented) result.set_rented_cost_usd(economics.rented->value());
  if (economics.capex) result.set_capex_usd(economics.capex->value());
}

void AddEconomics(const EconomicsResult& economics, proto::JobResult& result) {
  result.set_steps(economics.steps);
  result.set_tokens(economics.tokens);
  result.set_duration_s(economics.duration.value());
  if (economics.energy) {
    result.set_energy_j(economics.energy->Total().value());
    *result.mutable_energy() = BuildEnergy(*economics.energy);
  }
  if (economics.carbon_g) result.set_carbon_g(*economics.carbon_g);
  AddMoney(economics, result);
  if (economics.mean_power) result.set_mean_power_w(economics.mean_power->value());
  if (economics.provisioned_power) {
    result.set_provisioned_power_w(economics.provisioned_power->value());
  }
  if (economics.racks) result.set_racks(*economics.racks);
  if (economics.floor_space_m2) result.set_floor_space_m2(*economics.floor_space_m2);
  AddUnused(economics.unused, result);
}

// What a fine-tuning run's examples cost: padding is paid for, not counted.
void AddTokenCost(const StepResult& step, const EconomicsResult& economics,
                  proto::JobResult& result) {
  constexpr double kMillion = 1e6;
  const double tokens = economics.steps * step.real_tokens;
  result.set_real_tokens(tokens);
  const double millions = tokens / kMillion;
  if (const auto cost = economics.Cost()) {
    result.set_cost_per_million_tokens_usd(cost->value() / millions);
  }
  if (economics.rented) {
    result.set_rented_cost_per_million_tokens_usd(economics.rented->value() / millions);
  }
}

proto::JobResult Describe(const JobDescription& description) {
  proto::JobResult result;
  result.set_job(description.job);
  result.set_platform(description.platform);
  result.set_platform_file(description.platform_file);
  *result.mutable_setup() = BuildSetup(description);
  return result;
}

}  // namespace

proto::JobResult BuildJobResult(const JobDescription& description, const Fleet& fleet,
                                const StepResult& step, const EconomicsResult& economics,
                                const std::vector<Sensitivity>& sensitivities) {
  proto::JobResult result = Describe(description);
  result.set_outcome(proto::JobResult::DONE);
  proto::Setup& setup = *result.mutable_setup();
  setup.set_accelerator(AcceleratorNames(fleet));
  setup.set_accelerators(economics.accelerators);
  setup.set_hosts(economics.hosts);
  setup.set_fleet_accelerators(fleet.Accelerators());
  *setup.mutable_strategy() = BuildStrategy(step.strategy);
  AddStep(step, result);
  for (const Sensitivity& sensitivity : sensitivities) {
    proto::Sensitivity& out = *result.add_sensitivities();
    out.set_resource(sensitivity.resource);
    out.set_gain_ratio(sensitivity.gain);
  }
  AddEconomics(economics, result);
  if (!description.tuning.empty()) AddTokenCost(step, economics, result);
  AddAssumptions(step.assumptions, result);
  AddAssumptions(economics.assumptions, result);
  AddMissing(economics.missing, result);
  return result;
}

proto::JobResult BuildFailure(const JobDescription& description, const absl::Status& status) {
  FLEETSIM_CHECK(!status.ok());
  proto::JobResult result = Describe(description);
  SetFailure(status, result);
  return result;
}

proto::Report BuildReport(const std::string& workload, const std::vector<InputFile>& inputs,
                          const std::vector<proto::JobResult>& results) {
  proto::Report report;
  report.set_version(FLEETSIM_VERSION);
  report.set_workload(workload);
  for (const InputFile& input : inputs) {
    proto::InputFile& out = *report.add_inputs();
    out.set_kind(input.kind);
    out.set_path(input.path);
    out.set_digest(input.digest);
  }
  std::vector<std::string> jobs;
  for (const proto::JobResult& result : results) {
    if (std::find(jobs.begin(), jobs.end(), result.job()) == jobs.end()) {
      jobs.push_back(result.job());
    }
  }
  for (const std::string& job : jobs) {
    for (const proto::JobResult& result : results) {
      if (result.job() == job) *report.add_results() = result;
    }
  }
  return report;
}

int ExitCode(const proto::Report& report) {
  int code = 0;
  for (const proto::JobResult& result : report.results()) {
    if (result.outcome() == proto::JobResult::BAD_INPUT) return 2;
    if (result.outcome() != proto::JobResult::DONE) code = 1;
  }
  return code;
}

absl::StatusOr<std::string> RenderReport(const proto::Report& report, TableFormat format) {
  switch (format) {
    case TableFormat::kJson:
      return ReportJson(report);
    case TableFormat::kCsv:
      return ReportCsv(report);
    case TableFormat::kText:
      break;
  }
  return ReportText(report);
}

}  // namespace fleetsim
