// One screen about one job on one platform.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/report/format.h"
#include "sim/report/report_text.h"

namespace fleetsim {
namespace {

constexpr int kShownLimits = 3;
constexpr double kShownShare = 0.0005;  // parts below print as 0.0 %

struct PartLine {
  const char* name;
  double value;
};

// A heading with its total, then the parts that are not nothing, with their share of it.
template <class Format>
std::string Parts(const std::string& heading, double total, const std::vector<PartLine>& parts,
                  Format format) {
  std::string text = heading + "\n";
  for (const PartLine& part : parts) {
    if (part.value < kShownShare * total) continue;
    absl::StrAppend(&text, absl::StrFormat("  %-28s %16s %8s\n", part.name, format(part.value),
                                           FormatPercent(part.value / total)));
  }
  return text;
}

std::string Heading(absl::string_view name, absl::string_view value, absl::string_view note) {
  return absl::StrFormat("%-12s %s%s%s", name, value, note.empty() ? "" : "; ", note);
}

std::string PlatformText(const proto::JobResult& result) {
  const proto::Setup& setup = result.setup();
  const proto::Strategy& strategy = setup.strategy();
  std::string text =
      absl::StrCat("on ", result.platform(), ": ", FormatFixed(setup.accelerators(), 0), " ",
                   setup.accelerator(), " in ", FormatFixed(setup.hosts(), 0), " hosts\n");
  absl::StrAppend(&text, "tensor x pipeline x data ", StrategyText(strategy), ", ",
                  strategy.micro_batches(), " micro-batches of ", strategy.micro_batch_sequences());
  if (strategy.virtual_stages() > 1) {
    absl::StrAppend(&text, ", ", strategy.virtual_stages(), " chunks a stage");
  }
  if (strategy.sequence_parallel()) absl::StrAppend(&text, ", sequence parallel");
  if (strategy.zero_stage() > 0) absl::StrAppend(&text, ", ZeRO ", strategy.zero_stage());
  return text + "\n\n";
}

std::string StepText(const proto::JobResult& result) {
  const proto::Breakdown& part = result.breakdown();
  const std::string rates =
      absl::StrCat(FormatNumber(result.tokens_per_s()), " tokens/s, ",
                   FormatNumber(result.tokens_per_s_per_accelerator()), " an accelerator");
  std::string text = Parts(Heading("Step", FormatDuration(Seconds(result.step_time_s())), rates),
                           result.step_time_s(),
                           {{"forward", part.forward_s()},
                            {"backward", part.backward_s()},
                            {"recompute", part.recompute_s()},
                            {"tensor-parallel exposed", part.tensor_exposed_s()},
                            {"pipeline transfers exposed", part.pipeline_exposed_s()},
                            {"expert exchange exposed", part.expert_exposed_s()},
                            {"data-parallel exposed", part.data_exposed_s()},
                            {"pipeline bubble", part.bubble_s()},
                            {"optimizer", part.optimizer_s()},
                            {"host", part.host_s()},
                            {"other", part.other_s()}},
                           [](double seconds) { return FormatDuration(Seconds(seconds)); });
  absl::StrAppend(
      &text,
      Heading("Utilization", FormatPercent(result.model_flops_utilization()) + " model flops",
              FormatPercent(result.hardware_flops_utilization()) + " hardware flops"),
      "\n");
  return text;
}

std::string MemoryText(const proto::JobResult& result) {
  const proto::Memory& part = result.memory();
  const std::string of =
      absl::StrCat(FormatBytes(Bytes(result.memory_bytes_per_accelerator())), " of ",
                   FormatBytes(Bytes(result.memory_capacity_bytes())), " an accelerator");
  return Parts(Heading("Memory", of, absl::StrCat("fullest at pipeline stage ", part.stage())),
               result.memory_bytes_per_accelerator(),
               {{"weights", part.weights_bytes()},
                {"gradients", part.gradients_bytes()},
                {"optimizer", part.optimizer_bytes()},
                {"activations", part.activations_bytes()},
                {"working", part.working_bytes()},
                {"reserved", part.reserved_bytes()},
                {"fragmentation", part.slack_bytes()}},
               [](double bytes) { return FormatBytes(Bytes(bytes)); });
}

std::string EnergyText(const proto::JobResult& result) {
  if (!result.has_energy_j()) return "";
  const proto::Energy& part = result.energy();
  std::string text = Parts(Heading("Energy", FormatEnergy(Joules(result.energy_j())),
                                   FormatPower(Watts(result.mean_power_w())) + " in the mean"),
                           result.energy_j(),
                           {{"accelerators: matrix", part.accelerators_matrix_j()},
                            {"accelerators: attention", part.accelerators_attention_j()},
                            {"accelerators: memory-bound", part.accelerators_memory_j()},
                            {"accelerators: communication", part.accelerators_network_j()},
                            {"accelerators: idle", part.accelerators_idle_j()},
                            {"servers", part.servers_j()},
                            {"network", part.network_j()},
                            {"cooling, distribution", part.facility_j()}},
                           [](double joules) { return FormatEnergy(Joules(joules)); });
  if (result.has_carbon_g()) {
    absl::StrAppend(&text, Heading("Carbon", FormatCarbon(result.carbon_g()), ""), "\n");
  }
  return text;
}

std::string OwnedText(const proto::JobResult& result) {
  const proto::Cost& part = result.owned_cost();
  if (!part.has_total_usd()) return "";
  const std::string capex =
      result.has_capex_usd() ? FormatUsd(Usd(result.capex_usd())) + " to buy" : "";
  return Parts(Heading("Cost, owned", FormatUsd(Usd(part.total_usd())), capex), part.total_usd(),
               {{"accelerators", part.accelerators_usd()},
                {"servers", part.servers_usd()},
                {"network", part.network_usd()},
                {"storage", part.storage_usd()},
                {"hosting", part.hosting_usd()},
                {"maintenance", part.maintenance_usd()},
                {"electricity", part.energy_usd()}},
               [](double usd) { return FormatUsd(Usd(usd)); });
}

std::string MoneyText(const proto::JobResult& result) {
  std::string text = OwnedText(result);
  if (result.has_rented_cost_usd()) {
    absl::StrAppend(&text, Heading("Cost, rented", FormatUsd(Usd(result.rented_cost_usd())), ""),
                    "\n");
  }
  return text;
}

// Fine-tuning: what of the tokens is padding, and what a million of the others costs.
std::string TokensText(const proto::JobResult& result) {
  if (!result.has_real_tokens()) return "";
  const double padding = 1.0 - result.real_tokens() / result.tokens();
  std::string text =
      Heading("Tokens", FormatNumber(result.real_tokens()) + " of examples",
              FormatNumber(result.tokens()) + " with padding (" + FormatPercent(padding) + ")");
  std::vector<std::string> costs;
  if (result.has_cost_per_million_tokens_usd()) {
    costs.push_back(absl::StrCat(FormatUsd(Usd(result.cost_per_million_tokens_usd())), " ",
                                 result.cost_basis()));
  }
  if (result.has_rented_cost_per_million_tokens_usd() && result.cost_basis() != "rented") {
    costs.push_back(
        absl::StrCat(FormatUsd(Usd(result.rented_cost_per_million_tokens_usd())), " rented"));
  }
  absl::StrAppend(&text, "\n");
  if (costs.empty()) return text;
  return text + Heading("Per million", absl::StrJoin(costs, ", "), "of examples' tokens") + "\n";
}

std::string SpaceText(const proto::JobResult& result) {
  std::vector<std::string> parts;
  if (result.has_racks()) parts.push_back(FormatFixed(result.racks(), 0) + " racks");
  if (result.has_floor_space_m2()) {
    parts.push_back(FormatFixed(result.floor_space_m2(), 0) + " m2");
  }
  if (result.has_provisioned_power_w()) {
    parts.push_back(FormatPower(Watts(result.provisioned_power_w())) + " of IT installed");
  }
  return parts.empty() ? "" : Heading("Space", absl::StrJoin(parts, ", "), "") + "\n";
}

std::string UnusedText(const proto::JobResult& result) {
  if (!result.has_unused()) return "";
  const proto::Unused& unused = result.unused();
  std::string text = absl::StrCat("Not counted  ", FormatFixed(unused.accelerators(), 0),
                                  " other accelerators of the platform, idle");
  if (unused.has_energy_j()) {
    absl::StrAppend(&text, "; ", FormatEnergy(Joules(unused.energy_j())));
  }
  if (unused.has_cost_usd()) absl::StrAppend(&text, "; ", FormatUsd(Usd(unused.cost_usd())));
  return text + "\n";
}

std::string SensitivityText(const proto::JobResult& result) {
  std::vector<std::string> gains;
  for (const proto::Sensitivity& gain : result.sensitivities()) {
    gains.push_back(
        absl::StrCat(gain.resource(), " ", FormatNumber(100 * gain.gain_ratio(), 2), " %"));
  }
  return gains.empty() ? "" : Heading("1 % more of", absl::StrJoin(gains, ", "), "of speed") + "\n";
}

}  // namespace

std::string OnePlatformText(const proto::JobResult& result) {
  return absl::StrCat(PlatformText(result), StepText(result), SlowHostsText(result),
                      Heading("Limited by", LimitsText(result, kShownLimits), ""), "\n",
                      SensitivityText(result), MemoryText(result), RunText(result),
                      EnergyText(result), MoneyText(result), TokensText(result), SpaceText(result),
                      UnusedText(result));
}

}  // namespace fleetsim
