// One screen about one serving job on one platform.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/report/format.h"
#include "sim/report/report_text.h"

namespace fleetsim {
namespace {

constexpr int kShownLimits = 4;

std::string Heading(absl::string_view name, absl::string_view text) {
  return absl::StrFormat("%-14s %s\n", name, text);
}

std::string Duration(double seconds) { return FormatDuration(Seconds(seconds)); }

std::string PlatformText(const proto::JobResult& result) {
  const proto::Setup& setup = result.setup();
  return absl::StrCat("on ", result.platform(), ": ", FormatFixed(setup.accelerators(), 0), " ",
                      setup.accelerator(), " in ", FormatFixed(setup.hosts(), 0),
                      setup.hosts() == 1 ? " host\n\n" : " hosts\n\n");
}

std::string LatencyLine(const char* name, const proto::Latency& latency) {
  return absl::StrFormat("%-14s %14s %14s %14s %14s\n", name, Duration(latency.mean_s()),
                         Duration(latency.p50_s()), Duration(latency.p90_s()),
                         Duration(latency.p99_s()));
}

std::string LatencyText(const proto::ServingResult& serving) {
  return absl::StrCat(
      absl::StrFormat("%-14s %14s %14s %14s %14s\n", "Latency", "mean", "P50", "P90", "P99"),
      LatencyLine("  first token", serving.ttft()), LatencyLine("  later tokens", serving.tpot()),
      LatencyLine("  end to end", serving.end_to_end()));
}

std::string ObjectivesText(const proto::ServingResult& serving) {
  std::vector<std::string> wanted;
  if (serving.has_objective_ttft_s()) {
    wanted.push_back("first token " + Duration(serving.objective_ttft_s()));
  }
  if (serving.has_objective_tpot_s()) {
    wanted.push_back("later tokens " + Duration(serving.objective_tpot_s()));
  }
  if (wanted.empty()) return "";
  return Heading("Objectives",
                 absl::StrFormat("%s at P%s: %s; %s of the requests, %s a second, within them",
                                 absl::StrJoin(wanted, ", "),
                                 FormatNumber(100 * serving.objective_percentile_ratio(), 4),
                                 serving.meets_objectives() ? "met" : "not met",
                                 FormatPercent(serving.good_ratio()),
                                 FormatNumber(serving.goodput_requests_per_s())));
}

std::string RequestsText(const proto::ServingResult& serving) {
  std::string text =
      absl::StrFormat("%s ended in %s, %s a second", FormatFixed(serving.requests(), 0),
                      Duration(serving.span_s()), FormatNumber(serving.requests_per_s()));
  const auto count = [&text](double number, const char* what) {
    if (number > 0) absl::StrAppend(&text, "; ", FormatFixed(number, 0), " ", what);
  };
  count(serving.refused_requests(), "refused");
  count(serving.too_long_requests(), "too long for any cache");
  count(serving.preemptions(), "preemptions");
  count(serving.retries(), "begun again");
  return Heading("Requests", text);
}

std::string ThroughputText(const proto::ServingResult& serving) {
  const auto line = [](const char* name, double rate, double each, double tokens) {
    return absl::StrFormat("  %-12s %14s tokens/s %14s an accelerator %14s tokens\n", name,
                           FormatNumber(rate), FormatNumber(each), FormatFixed(tokens, 0));
  };
  std::string text =
      absl::StrCat("Throughput\n",
                   line("input", serving.input_tokens_per_s(),
                        serving.input_tokens_per_s_per_accelerator(), serving.input_tokens()),
                   line("output", serving.output_tokens_per_s(),
                        serving.output_tokens_per_s_per_accelerator(), serving.output_tokens()));
  if (serving.cached_tokens() > 0) {
    absl::StrAppend(&text, Heading("Prefix cache",
                                   FormatPercent(serving.cached_tokens() / serving.input_tokens()) +
                                       " of the input tokens"));
  }
  return text;
}

std::string MemoryText(const proto::ServingPool& pool) {
  const auto bytes = [](double value) { return FormatBytes(Bytes(value)); };
  return absl::StrCat("  memory       ", bytes(pool.memory_bytes()), ": weights ",
                      bytes(pool.weights_bytes()), ", workspace ", bytes(pool.workspace_bytes()),
                      ", engine ", bytes(pool.reserved_bytes()), ", KV cache ",
                      bytes(pool.cache_bytes()), " in ", FormatFixed(pool.blocks(), 0),
                      " blocks of ", pool.block_tokens(), " tokens\n");
}

std::string UseText(const proto::ServingPool& pool) {
  std::string text = absl::StrFormat(
      "  batch        %s in the mean, %s at most; %s waiting, %s at most; step %s\n",
      FormatNumber(pool.mean_batch()), FormatNumber(pool.max_batch()),
      FormatNumber(pool.mean_waiting()), FormatNumber(pool.max_waiting()),
      Duration(pool.mean_step_s()));
  absl::StrAppend(&text, "  KV cache     ", FormatPercent(pool.mean_cache_ratio()),
                  " held in the mean, ", FormatPercent(pool.max_cache_ratio()), " at most; full ",
                  FormatPercent(pool.cache_full_time_ratio()), " of the time\n");
  return text;
}

std::string PoolsText(const proto::ServingResult& serving) {
  std::string text;
  for (const proto::ServingPool& pool : serving.pools()) {
    absl::StrAppend(
        &text,
        Heading("Pool", absl::StrFormat("%s: %d x %d %s, busy %s of the time", pool.role(),
                                        pool.instances(), pool.accelerators_per_instance(),
                                        pool.accelerator(), FormatPercent(pool.busy_ratio()))));
    absl::StrAppend(&text, MemoryText(pool), UseText(pool));
  }
  if (serving.transfers() > 0) {
    absl::StrAppend(&text, Heading("KV transfers",
                                   absl::StrCat(FormatFixed(serving.transfers(), 0), ", ",
                                                FormatBytes(Bytes(serving.transferred_bytes())))));
  }
  return text;
}

std::string TimeText(const proto::ServingResult& serving) {
  const proto::ServingTime& time = serving.time();
  const struct {
    const char* name;
    double seconds;
  } parts[] = {{"matrix products", time.matrix_s()},
               {"attention", time.attention_s()},
               {"memory-bound", time.memory_s()},
               {"communication", time.communication_s()},
               {"host", time.host_s()},
               {"swapping", time.swapping_s()},
               {"no requests", time.no_requests_s()}};
  double sum = 0;
  for (const auto& part : parts) sum += part.seconds;
  std::vector<std::string> texts;
  for (const auto& part : parts) {
    if (part.seconds < 0.0005 * sum) continue;
    texts.push_back(absl::StrCat(part.name, " ", FormatPercent(part.seconds / sum)));
  }
  return Heading("Time", absl::StrJoin(texts, ", "));
}

std::string EnergyText(const proto::JobResult& result) {
  if (!result.has_energy_j()) return "";
  const proto::ServingEnergy& parts = result.serving().energy();
  const auto share = [&](double joules) { return FormatPercent(joules / result.energy_j()); };
  std::string text = Heading(
      "Energy",
      absl::StrFormat("%s, %s in the mean: prompts %s, outputs %s, waiting %s, servers %s, "
                      "network %s, facility %s",
                      FormatEnergy(Joules(result.energy_j())),
                      FormatPower(Watts(result.mean_power_w())), share(parts.prefill_j()),
                      share(parts.decode_j()), share(parts.waiting_j()), share(parts.servers_j()),
                      share(parts.network_j()), share(parts.facility_j())));
  if (result.has_carbon_g()) {
    absl::StrAppend(&text, Heading("Carbon", FormatCarbon(result.carbon_g())));
  }
  return text;
}

// One row a phase: what a token, and a million of them, take.
std::string PerTokenText(const proto::ServingResult& serving) {
  const auto usd = [](bool known, double value) {
    return known ? FormatUsd(Usd(value)) : std::string("-");
  };
  const auto line = [](const char* name, const std::string& energy, const std::string& owned,
                       const std::string& rented) {
    return absl::StrFormat("  %-12s %14s %22s %22s\n", name, energy, owned, rented);
  };
  std::string text = absl::StrFormat("%-14s %14s %22s %22s\n", "Tokens", "energy a token",
                                     "a million, owned", "a million, rented");
  absl::StrAppend(&text,
                  line("input",
                       serving.has_energy_per_input_token_j()
                           ? FormatSi(serving.energy_per_input_token_j(), "J")
                           : "-",
                       usd(serving.has_owned_cost_per_million_input_tokens_usd(),
                           serving.owned_cost_per_million_input_tokens_usd()),
                       usd(serving.has_rented_cost_per_million_input_tokens_usd(),
                           serving.rented_cost_per_million_input_tokens_usd())),
                  line("output",
                       serving.has_energy_per_output_token_j()
                           ? FormatSi(serving.energy_per_output_token_j(), "J")
                           : "-",
                       usd(serving.has_owned_cost_per_million_output_tokens_usd(),
                           serving.owned_cost_per_million_output_tokens_usd()),
                       usd(serving.has_rented_cost_per_million_output_tokens_usd(),
                           serving.rented_cost_per_million_output_tokens_usd())));
  return text;
}

std::string PriceText(const proto::JobResult& result) {
  std::vector<std::string> parts;
  if (result.has_capex_usd()) {
    parts.push_back(FormatUsd(Usd(result.capex_usd())) + " to buy");
  }
  if (result.has_provisioned_power_w()) {
    parts.push_back(FormatPower(Watts(result.provisioned_power_w())) + " of IT installed");
  }
  return parts.empty() ? "" : Heading("Fleet", absl::StrJoin(parts, ", "));
}

}  // namespace

std::string ServingText(const proto::JobResult& result) {
  const proto::ServingResult& serving = result.serving();
  return absl::StrCat(PlatformText(result), LatencyText(serving), ObjectivesText(serving),
                      RequestsText(serving), ThroughputText(serving),
                      Heading("Limited by", LimitsText(result, kShownLimits)), TimeText(serving),
                      PoolsText(serving), EnergyText(result), PerTokenText(serving),
                      PriceText(result));
}

}  // namespace fleetsim
