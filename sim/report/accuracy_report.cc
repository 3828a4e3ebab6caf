#include "sim/report/accuracy_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/base/check.h"
#include "sim/report/ratio_report.h"

namespace fleetsim {
namespace {

Table CaseTable(const std::vector<CaseResult>& results) {
  Table table({{"id", "case"},
               {"family", "family"},
               {"grade", "grade"},
               {"metric", "metric"},
               {"unit", "unit"},
               {"measured", "measured"},
               {"simulated", "simulated"},
               {"error_ratio", "error", "%", 0.01, 3},
               {"rules", "gaps filled"}});
  for (const CaseResult& result : results) {
    for (const Comparison& comparison : result.comparisons) {
      table.AddRow({result.measured->id, result.measured->family, result.measured->grade,
                    comparison.metric, comparison.unit, comparison.measured, comparison.simulated,
                    comparison.Error(), absl::StrJoin(result.rules, "; ")});
    }
  }
  return table;
}

Table MissingTable(const std::vector<CaseResult>& results) {
  Table table({{"id", "case"}, {"family", "family"}, {"grade", "grade"}, {"reason", "reason"}});
  for (const CaseResult& result : results) {
    if (result.reason.empty()) continue;
    table.AddRow(
        {result.measured->id, result.measured->family, result.measured->grade, result.reason});
  }
  return table;
}

// How many cases each reason keeps out, the most frequent first.
Table ReasonTable(const std::vector<CaseResult>& results) {
  std::map<std::string, int> counts;
  for (const CaseResult& result : results) {
    if (!result.reason.empty()) ++counts[result.reason];
  }
  Table table({{"cases", "cases"}, {"reason", "not simulated because"}});
  for (const auto& [reason, count] : counts) {
    table.AddRow({static_cast<double>(count), reason});
  }
  FLEETSIM_CHECK(table.SortBy("cases").ok());
  return table;
}

}  // namespace

Table FamilyTable(const std::vector<CaseResult>& results) {
  std::map<std::pair<std::string, MetricClass>, std::vector<const Comparison*>> groups;
  for (const CaseResult& result : results) {
    for (const Comparison& comparison : result.comparisons) {
      groups[{result.measured->family, comparison.kind}].push_back(&comparison);
    }
  }
  Table table({{"family", "family"},
               {"kind", "kind"},
               {"cases", "cases"},
               {"mean_error_ratio", "mean", "%", 0.01, 3},
               {"median_error_ratio", "median", "%", 0.01, 3},
               {"p90_error_ratio", "p90", "%", 0.01, 3},
               {"worst_error_ratio", "worst", "%", 0.01, 3},
               {"bias_ratio", "bias", "%", 0.01, 3}});
  for (const auto& [key, comparisons] : groups) {
    const ErrorSummary summary = Summarise(comparisons);
    table.AddRow({key.first, std::string(MetricClassName(key.second)),
                  static_cast<double>(summary.count), summary.mean, summary.median,
                  summary.percentile90, summary.worst, summary.bias});
  }
  return table;
}

ErrorSummary Overall(const std::vector<CaseResult>& results) {
  std::vector<const Comparison*> comparisons;
  for (const CaseResult& result : results) {
    for (const Comparison& comparison : result.comparisons) {
      if (!IsJudgedApart(comparison.kind)) comparisons.push_back(&comparison);
    }
  }
  return Summarise(comparisons);
}

std::string RenderAccuracy(const std::vector<CaseResult>& results, TableFormat format,
                           const std::vector<RatioResult>& ratios) {
  const Table ratio_table = RatioTable(ratios);
  if (format == TableFormat::kCsv) {
    return CaseTable(results).Csv() + MissingTable(results).Csv() +
           (ratios.empty() ? "" : ratio_table.Csv());
  }
  if (format == TableFormat::kJson) {
    return absl::StrCat("{\"cases\": ", CaseTable(results).Json(),
                        ", \"not_simulated\": ", MissingTable(results).Json(),
                        ", \"families\": ", FamilyTable(results).Json(),
                        ratios.empty() ? "" : absl::StrCat(", \"ratios\": ", ratio_table.Json()),
                        "}\n");
  }
  const ErrorSummary all = Overall(results);
  std::string text = CaseTable(results).Text() + "\n";
  if (!MissingTable(results).rows().empty()) {
    absl::StrAppend(&text, MissingTable(results).Text(), "\n", ReasonTable(results).Text(), "\n");
  }
  absl::StrAppend(&text, FamilyTable(results).Text(), "\n");
  absl::StrAppendFormat(&text,
                        "%d comparisons: mean error %.1f %%, median %.1f %%, 90th percentile "
                        "%.1f %%, worst %.1f %%\n",
                        all.count, 100 * all.mean, 100 * all.median, 100 * all.percentile90,
                        100 * all.worst);
  if (!ratios.empty()) absl::StrAppend(&text, "\n", ratio_table.Text());
  return text;
}

std::string ParityPlot(const std::vector<CaseResult>& results, const std::string& path) {
  std::map<std::string, std::string> points;  // of each family, inline data
  for (const CaseResult& result : results) {
    for (const Comparison& comparison : result.comparisons) {
      absl::StrAppendFormat(&points[result.measured->family], "%.6g %.6g\n", comparison.measured,
                            comparison.simulated);
    }
  }
  std::string script = absl::StrCat(
      "set terminal svg size 800,800 background 'white'\nset output '", path,
      "'\nset logscale xy\nset xlabel 'measured, unit of the metric'\n"
      "set ylabel 'simulated, same unit'\nset key left top\nset grid\nset size square\n");
  std::vector<std::string> plots = {"x with lines lc 'black' title 'equal'"};
  for (const auto& [family, data] : points) {
    plots.push_back(absl::StrCat("'-' with points pt 7 ps 0.4 title '", family, "'"));
  }
  absl::StrAppend(&script, "plot ", absl::StrJoin(plots, ", "), "\n");
  for (const auto& [family, data] : points) absl::StrAppend(&script, data, "e\n");
  return script;
}

}  // namespace fleetsim
