#include "sim/report/capacity_report.h"

#include <google/protobuf/util/json_util.h>

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "sim/report/report_text.h"
#include "sim/report/result_parts.h"
#include "sim/report/serving_report.h"

namespace fleetsim {
namespace {

proto::CapacityPoint BuildPoint(const CapacityProbe& probe, const proto::ServingResult& serving) {
  proto::CapacityPoint out;
  out.set_rate_per_s(probe.rate);
  out.set_instances(probe.instances);
  out.set_output_tokens_per_s(serving.output_tokens_per_s());
  out.set_output_tokens_per_s_per_accelerator(serving.output_tokens_per_s_per_accelerator());
  *out.mutable_ttft() = serving.ttft();
  *out.mutable_tpot() = serving.tpot();
  out.set_good_ratio(serving.good_ratio());
  out.set_meets_objectives(serving.meets_objectives());
  return out;
}

// Without the history, which is long.
proto::JobResult ShortResult(const Job& job, const Fleet& fleet, const ServingOutcome& outcome,
                             bool prefer_rented) {
  proto::JobResult result = BuildServingResult(job, fleet, outcome, prefer_rented);
  for (proto::ServingPool& pool : *result.mutable_serving()->mutable_pools()) {
    pool.clear_points();
  }
  return result;
}

Cell Known(bool known, double value) { return known ? Cell(value) : Cell(); }

std::vector<Column> AnswerColumns() {
  constexpr double kMilli = 1e-3;
  return {{"platform", "platform"},
          {"precision", "precision"},
          {"instances", "instances"},
          {"accelerators", "accelerators"},
          {"rate_per_s", "rate", "1/s"},
          {"output_tokens_per_s", "output", "tokens/s", 1, 3},
          {"output_tokens_per_s_per_accelerator", "each", "tokens/s", 1, 3},
          {"ttft_p99_s", "TTFT P99", "s", 1, 3},
          {"tpot_p99_s", "TPOT P99", "ms", kMilli, 3},
          {"energy_per_output_token_j", "energy", "J/output token", 1, 3},
          {"owned_cost_per_million_output_tokens_usd", "owned", "USD/million", 1, 3},
          {"rented_cost_per_million_output_tokens_usd", "rented", "USD/million", 1, 3},
          {"limit", "limited by"}};
}

std::vector<Cell> AnswerRow(const proto::CapacityAnswer& answer) {
  std::vector<Cell> row = {answer.platform(), answer.precision()};
  if (!answer.has_rate_per_s()) {
    row.resize(AnswerColumns().size());
    row.back() = std::string("no answer");
    return row;
  }
  const proto::ServingResult& serving = answer.result().serving();
  row.emplace_back(static_cast<double>(answer.instances()));
  row.emplace_back(static_cast<double>(answer.result().setup().accelerators()));
  row.emplace_back(answer.rate_per_s());
  row.emplace_back(serving.output_tokens_per_s());
  row.emplace_back(serving.output_tokens_per_s_per_accelerator());
  row.emplace_back(serving.ttft().p99_s());
  row.emplace_back(serving.tpot().p99_s());
  row.push_back(
      Known(serving.has_energy_per_output_token_j(), serving.energy_per_output_token_j()));
  row.push_back(Known(serving.has_owned_cost_per_million_output_tokens_usd(),
                      serving.owned_cost_per_million_output_tokens_usd()));
  row.push_back(Known(serving.has_rented_cost_per_million_output_tokens_usd(),
                      serving.rented_cost_per_million_output_tokens_usd()));
  row.emplace_back(answer.result().limits_size() > 0 ? answer.result().limits(0).what() : "");
  return row;
}

Table AnswerTable(const proto::CapacityReport& report) {
  Table table(AnswerColumns());
  for (const proto::CapacityAnswer& answer : report.answers()) table.AddRow(AnswerRow(answer));
  return table;
}

std::string Reasons(const proto::CapacityReport& report) {
  std::string text;
  for (const proto::CapacityAnswer& answer : report.answers()) {
    if (answer.reason().empty()) continue;
    absl::StrAppend(&text, answer.platform(), ", ", answer.precision(), ": ", answer.reason(),
                    "\n");
  }
  return text;
}

}  // namespace

proto::CapacityAnswer BuildCapacityAnswer(const Job& job, const Fleet& fleet,
                                          const std::string& precision,
                                          const absl::StatusOr<CapacityResult>& result,
                                          bool prefer_rented) {
  proto::CapacityAnswer answer;
  answer.set_job(job.id);
  answer.set_platform(fleet.name);
  answer.set_precision(precision);
  if (!result.ok()) {
    proto::JobResult failure;
    SetFailure(result.status(), failure);
    answer.set_outcome(failure.outcome());
    answer.set_reason(failure.reason());
    return answer;
  }
  for (const CapacityProbe& probe : result->probes) {
    const proto::JobResult built = ShortResult(job, fleet, probe.outcome, prefer_rented);
    *answer.add_curve() = BuildPoint(probe, built.serving());
  }
  if (!result->best) {
    answer.set_outcome(proto::JobResult::INFEASIBLE);
    answer.set_reason("nothing that was tried meets the objectives");
    return answer;
  }
  const CapacityProbe& best = result->probes[*result->best];
  answer.set_outcome(proto::JobResult::DONE);
  answer.set_instances(best.instances);
  answer.set_rate_per_s(best.rate);
  *answer.mutable_result() = ShortResult(job, fleet, best.outcome, prefer_rented);
  return answer;
}

absl::StatusOr<std::string> RenderCapacity(const proto::CapacityReport& report,
                                           TableFormat format) {
  if (format == TableFormat::kCsv) return AnswerTable(report).Csv();
  if (format == TableFormat::kText) return AnswerTable(report).Text() + Reasons(report);
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(report, &text, options);
  if (!status.ok()) return absl::InternalError(std::string(status.message()));
  return text;
}

std::string CapacityCurveCsv(const proto::CapacityReport& report) {
  Table table({{"platform", ""},
               {"precision", ""},
               {"instances", ""},
               {"rate_per_s", ""},
               {"output_tokens_per_s", ""},
               {"output_tokens_per_s_per_accelerator", ""},
               {"ttft_mean_s", ""},
               {"ttft_p50_s", ""},
               {"ttft_p99_s", ""},
               {"tpot_mean_s", ""},
               {"tpot_p50_s", ""},
               {"tpot_p99_s", ""},
               {"good_ratio", ""},
               {"meets_objectives", ""}});
  for (const proto::CapacityAnswer& answer : report.answers()) {
    for (const proto::CapacityPoint& point : answer.curve()) {
      table.AddRow({answer.platform(), answer.precision(), static_cast<double>(point.instances()),
                    point.rate_per_s(), point.output_tokens_per_s(),
                    point.output_tokens_per_s_per_accelerator(), point.ttft().mean_s(),
                    point.ttft().p50_s(), point.ttft().p99_s(), point.tpot().mean_s(),
                    point.tpot().p50_s(), point.tpot().p99_s(), point.good_ratio(),
                    point.meets_objectives()});
    }
  }
  return table.Csv();
}

std::string CapacityPlot(const proto::CapacityReport& report, const std::string& path) {
  std::string script =
      absl::StrCat("set terminal svg size 900,900 background 'white'\nset output '", path,
                   "'\nset multiplot layout 2,1\nset logscale y\nset grid\nset key left top\n"
                   "set xlabel 'output tokens/s an accelerator'\n");
  std::vector<std::string> curves;
  for (int i = 0; i < report.answers_size(); ++i) {
    const proto::CapacityAnswer& answer = report.answers(i);
    if (answer.curve_size() == 0) continue;
    absl::StrAppend(&script, "$curve", i, " << EOD\n");
    for (const proto::CapacityPoint& point : answer.curve()) {
      absl::StrAppendFormat(&script, "%.6g %.6g %.6g\n",
                            point.output_tokens_per_s_per_accelerator(), point.ttft().p99_s(),
                            point.tpot().p99_s());
    }
    absl::StrAppend(&script, "EOD\n");
    curves.push_back(absl::StrCat("$curve", i,
                                  " using 1:COLUMN with linespoints pt 7 ps 0.5 title '",
                                  answer.platform(), ", ", answer.precision(), "'"));
  }
  if (curves.empty()) curves.push_back("1/0 notitle");
  const std::string plots = absl::StrJoin(curves, ", ");
  const auto panel = [&](const char* title, const char* column) {
    absl::StrAppend(&script, "set ylabel '", title, "'\nplot ",
                    absl::StrReplaceAll(plots, {{"COLUMN", column}}), "\n");
  };
  panel("time to first token, P99, s", "2");
  panel("time of a later token, P99, s", "3");
  return script;
}

}  // namespace fleetsim
