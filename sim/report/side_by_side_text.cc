// One job on several platforms: a column each, with ratios to the first.

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/report/field.h"
#include "sim/report/format.h"
#include "sim/report/report_text.h"
#include "sim/report/table.h"

namespace fleetsim {
namespace {

using Result = proto::JobResult;

// A line of the table: a number of the result, or text.
struct Line {
  const char* name;
  std::vector<const char*> paths;  // fields whose sum it is
  std::string (*format)(double) = nullptr;
  std::string (*text)(const Result&) = nullptr;
  bool share_of_step = false;  // divided by the step time, and no ratio
};

std::string AsDuration(double seconds) { return FormatDuration(Seconds(seconds)); }
std::string AsBytes(double bytes) { return FormatBytes(Bytes(bytes)); }
std::string AsEnergy(double joules) { return FormatEnergy(Joules(joules)); }
std::string AsPower(double watts) { return FormatPower(Watts(watts)); }
std::string AsUsd(double usd) { return FormatUsd(Usd(usd)); }
std::string AsCount(double count) { return FormatFixed(count, 0); }
std::string AsTokenRate(double rate) { return FormatNumber(rate) + " tokens/s"; }
std::string AsRequestRate(double rate) { return FormatNumber(rate) + " a second"; }
std::string AsArea(double m2) { return FormatFixed(m2, 0) + " m2"; }

std::string OutcomeText(const Result& result) {
  switch (result.outcome()) {
    case Result::DONE:
      return "done";
    case Result::INFEASIBLE:
      return "infeasible";
    case Result::BAD_INPUT:
      return "bad input";
    default:
      return "failed";
  }
}
std::string AcceleratorText(const Result& result) { return result.setup().accelerator(); }
std::string DegreesText(const Result& result) {
  return result.setup().has_strategy() ? StrategyText(result.setup().strategy()) : "";
}
std::string LargestLimit(const Result& result) {
  return result.limits_size() > 0 ? result.limits(0).what() : "";
}

// One text of each of a serving job's pools.
std::string OfPools(const Result& result, std::string (*text)(const proto::ServingPool&)) {
  std::vector<std::string> texts;
  for (const proto::ServingPool& pool : result.serving().pools()) texts.push_back(text(pool));
  return absl::StrJoin(texts, "; ");
}
std::string InstancesText(const Result& result) {
  return OfPools(result, [](const proto::ServingPool& pool) {
    return absl::StrCat(pool.instances(), " of ", pool.accelerators_per_instance());
  });
}
std::string BatchText(const Result& result) {
  return OfPools(result, [](const proto::ServingPool& pool) {
    return absl::StrCat(FormatNumber(pool.mean_batch()), ", ", FormatNumber(pool.max_batch()));
  });
}
std::string CacheText(const Result& result) {
  return OfPools(result, [](const proto::ServingPool& pool) {
    return absl::StrCat(FormatPercent(pool.mean_cache_ratio()), ", ",
                        FormatPercent(pool.max_cache_ratio()));
  });
}

Line Number(const char* name, const char* path, std::string (*format)(double)) {
  return {name, {path}, format};
}
Line Text(const char* name, std::string (*text)(const Result&)) {
  return {name, {}, nullptr, text};
}
Line ShareOfStep(const char* name, std::vector<const char*> paths) {
  return {name, std::move(paths), FormatPercent, nullptr, true};
}

std::vector<Line> Lines() {
  return {
      Text("outcome", OutcomeText),
      Text("accelerator", AcceleratorText),
      Number("accelerators", "setup.accelerators", AsCount),
      Text("tensor x pipeline x data", DegreesText),
      Number("step time", "step_time_s", AsDuration),
      Number("throughput", "tokens_per_s", AsTokenRate),
      Number("model flops utilization", "model_flops_utilization", FormatPercent),
      Number("hardware flops utilization", "hardware_flops_utilization", FormatPercent),
      ShareOfStep("  forward, backward", {"breakdown.forward_s", "breakdown.backward_s"}),
      ShareOfStep("  recompute", {"breakdown.recompute_s"}),
      ShareOfStep("  tensor-parallel exposed", {"breakdown.tensor_exposed_s"}),
      ShareOfStep("  pipeline exposed", {"breakdown.pipeline_exposed_s"}),
      ShareOfStep("  expert exchange exposed", {"breakdown.expert_exposed_s"}),
      ShareOfStep("  data-parallel exposed", {"breakdown.data_exposed_s"}),
      ShareOfStep("  pipeline bubble", {"breakdown.bubble_s"}),
      ShareOfStep("  optimizer", {"breakdown.optimizer_s"}),
      ShareOfStep("  host, other", {"breakdown.host_s", "breakdown.other_s"}),
      Text("limited by", LargestLimit),
      Number("TTFT, mean", "serving.ttft.mean_s", AsDuration),
      Number("  P50", "serving.ttft.p50_s", AsDuration),
      Number("  P99", "serving.ttft.p99_s", AsDuration),
      Number("TPOT, mean", "serving.tpot.mean_s", AsDuration),
      Number("  P99", "serving.tpot.p99_s", AsDuration),
      Number("end to end, P50", "serving.end_to_end.p50_s", AsDuration),
      Number("  P99", "serving.end_to_end.p99_s", AsDuration),
      Number("requests", "serving.requests_per_s", AsRequestRate),
      Number("  within objectives", "serving.goodput_requests_per_s", AsRequestRate),
      Number("input tokens", "serving.input_tokens_per_s", AsTokenRate),
      Number("output tokens", "serving.output_tokens_per_s", AsTokenRate),
      Number("  an accelerator", "serving.output_tokens_per_s_per_accelerator", AsTokenRate),
      Text("instances", InstancesText),
      Text("batch, mean and most", BatchText),
      Text("KV cache held, mean and most", CacheText),
      Number("memory an accelerator", "memory_bytes_per_accelerator", AsBytes),
      Number("  of", "memory_capacity_bytes", AsBytes),
      Number("duration", "duration_s", AsDuration),
      Number("  P95", "run.duration_s.p95", AsDuration),
      Number("effective training time, P50", "run.goodput_ratio.p50", FormatPercent),
      Number("unexpected stops, P50", "run.stops.p50", AsCount),
      Number("energy", "energy_j", AsEnergy),
      Number("mean power", "mean_power_w", AsPower),
      Number("carbon", "carbon_g", FormatCarbon),
      Number("cost, owned", "owned_cost.total_usd", AsUsd),
      Number("  of it electricity", "owned_cost.energy_usd", AsUsd),
      Number("cost, rented", "rented_cost_usd", AsUsd),
      Number("cost a million tokens", "cost_per_million_tokens_usd", AsUsd),
      Number("energy an input token", "serving.energy_per_input_token_j", AsEnergy),
      Number("energy an output token", "serving.energy_per_output_token_j", AsEnergy),
      Number("a million input tokens, owned", "serving.owned_cost_per_million_input_tokens_usd",
             AsUsd),
      Number("  output, owned", "serving.owned_cost_per_million_output_tokens_usd", AsUsd),
      Number("  input, rented", "serving.rented_cost_per_million_input_tokens_usd", AsUsd),
      Number("  output, rented", "serving.rented_cost_per_million_output_tokens_usd", AsUsd),
      Number("purchase price", "capex_usd", AsUsd),
      Number("racks", "racks", AsCount),
      Number("floor space", "floor_space_m2", AsArea),
  };
}

std::optional<double> Value(const Line& line, const Result& result) {
  if (line.paths.empty() || result.outcome() != Result::DONE) return std::nullopt;
  double sum = 0;
  for (const char* path : line.paths) {
    const std::optional<double> value = NumberAt(result, path);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return line.share_of_step ? sum / result.step_time_s() : sum;
}

std::string RatioText(std::optional<double> value, std::optional<double> first) {
  if (!value || !first || *first == 0) return "";
  return "x" + FormatNumber(*value / *first);
}

// Empty where no platform has anything to say.
std::vector<Cell> Row(const Line& line, const std::vector<const Result*>& results) {
  std::vector<Cell> row = {line.name};
  const std::optional<double> first = Value(line, *results.front());
  bool said = false;
  for (const Result* result : results) {
    const std::optional<double> value = Value(line, *result);
    const std::string text = line.text != nullptr ? line.text(*result) : "";
    said = said || value || !text.empty();
    row.emplace_back(value ? line.format(*value) : text.empty() ? "-" : text);
    if (result != results.front()) {
      row.emplace_back(line.share_of_step ? "" : RatioText(value, first));
    }
  }
  return said ? row : std::vector<Cell>();
}

}  // namespace

std::string SideBySideText(const std::vector<const proto::JobResult*>& results) {
  std::vector<Column> columns = {{"", ""}};
  for (const Result* result : results) {
    columns.push_back({result->platform(), result->platform()});
    if (result != results.front()) columns.push_back({"ratio", "ratio"});
  }
  Table table(std::move(columns));
  for (const Line& line : Lines()) {
    std::vector<Cell> row = Row(line, results);
    if (!row.empty()) table.AddRow(std::move(row));
  }
  return "\n" + table.Text() + "\n";
}

}  // namespace fleetsim
