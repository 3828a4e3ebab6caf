#include "sim/report/trace_report.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

Cell Known(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }
Cell Count(std::int64_t count) { return static_cast<double>(count); }

void AddLengths(const std::string& name, const LengthStatistics& lengths,
                std::vector<Column>& columns, std::vector<Cell>& row) {
  const std::pair<const char*, double> parts[] = {{"mean", lengths.mean},
                                                  {"p50", lengths.p50},
                                                  {"p90", lengths.p90},
                                                  {"p99", lengths.p99},
                                                  {"max", lengths.most}};
  for (const auto& [part, value] : parts) {
    columns.push_back({absl::StrCat(name, "_tokens_", part), ""});
    row.emplace_back(value);
  }
}

Table OneRow(const ImportResult& result, const std::string& title) {
  const TraceStatistics& trace = result.statistics;
  std::vector<Column> columns = {{"trace", ""},      {"rows", ""},
                                 {"bad_rows", ""},   {"failed_rows", ""},
                                 {"requests", ""},   {"first_arrival_s", ""},
                                 {"duration_s", ""}, {"requests_per_s", ""}};
  std::vector<Cell> row = {title,
                           Count(result.rows),
                           Count(result.bad),
                           Count(result.failed),
                           Count(trace.requests),
                           trace.first.value(),
                           (trace.last - trace.first).value(),
                           Known(trace.rate)};
  columns.push_back({"interval_variation_ratio", ""});
  row.push_back(Known(trace.interval_variation));
  AddLengths("input", trace.input, columns, row);
  AddLengths("output", trace.output, columns, row);
  columns.insert(columns.end(),
                 {{"in_sessions", ""}, {"with_parent", ""}, {"prefix_share_ratio", ""}});
  row.insert(row.end(), {Count(trace.sessions), Count(trace.followers), Known(trace.prefix_share)});
  Table table(std::move(columns));
  table.AddRow(std::move(row));
  return table;
}

Table Lengths(const TraceStatistics& trace) {
  constexpr int kDigits = 6;
  const auto column = [](const char* name) { return Column{name, name, "tokens", 1.0, kDigits}; };
  Table table({{"of", "length"},
               column("mean"),
               column("P50"),
               column("P90"),
               column("P99"),
               column("max")});
  const auto add = [&](const char* name, const LengthStatistics& lengths) {
    table.AddRow({std::string(name), lengths.mean, static_cast<double>(lengths.p50),
                  static_cast<double>(lengths.p90), static_cast<double>(lengths.p99),
                  static_cast<double>(lengths.most)});
  };
  add("input", trace.input);
  add("output", trace.output);
  return table;
}

std::string Text(const ImportResult& result, const std::string& title) {
  constexpr int kDigits = 12;
  const TraceStatistics& trace = result.statistics;
  const auto count = [](std::int64_t number) {
    return FormatNumber(static_cast<double>(number), kDigits);
  };
  std::string text = absl::StrCat(title, "\n", count(trace.requests), " requests in ",
                                  FormatDuration(trace.last - trace.first));
  if (trace.rate) {
    absl::StrAppend(&text, ", ", FormatNumber(*trace.rate),
                    " a second; coefficient of variation of the intervals ",
                    FormatNumber(*trace.interval_variation), " (Poisson arrivals: 1)");
  }
  absl::StrAppend(&text, "\n\n", Lengths(trace).Text(), "\n");
  if (trace.sessions > 0) {
    absl::StrAppend(&text, "in conversations  ", count(trace.sessions), " requests, of which ",
                    count(trace.followers), " continue an earlier one\n");
  }
  absl::StrAppend(&text, "prefix share      ",
                  trace.prefix_share
                      ? absl::StrCat(FormatPercent(*trace.prefix_share),
                                     " of the input tokens stand in whole blocks seen before\n")
                      : "unknown: the trace has no block hashes\n");
  absl::StrAppend(&text, "left out          ", count(result.bad), " bad rows, ",
                  count(result.failed), " failed requests, of ", count(result.rows),
                  " rows read\n");
  return text;
}

}  // namespace

std::string RenderImport(const ImportResult& result, const std::string& title, TableFormat format) {
  return format == TableFormat::kText ? Text(result, title) : OneRow(result, title).Render(format);
}

}  // namespace fleetsim
