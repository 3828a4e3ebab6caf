#include "sim/inputs/ratios_reader.h"

#include <algorithm>

#include "sim/inputs/csv.h"

namespace fleetsim {
namespace {

struct TextColumn {
  const char* name;
  std::string MeasuredRatio::*member;
  bool may_be_empty;
};
constexpr TextColumn kColumns[] = {{"name", &MeasuredRatio::name, false},
                                   {"numerator", &MeasuredRatio::numerator, false},
                                   {"denominator", &MeasuredRatio::denominator, false},
                                   {"metric", &MeasuredRatio::metric, true},
                                   {"source", &MeasuredRatio::source, false}};

absl::Status CheckCase(const std::string& file, const MeasuredRatio& ratio, const char* column,
                       const std::string& id, const std::vector<MeasuredCase>& cases) {
  const auto found = std::find_if(cases.begin(), cases.end(),
                                  [&](const MeasuredCase& measured) { return measured.id == id; });
  if (found == cases.end()) {
    return InputError({file, ratio.line, column}, absl::StrCat("'", id, "'"),
                      "the id of a measured configuration");
  }
  const auto& all = found->measurements;
  const bool has_metric =
      ratio.metric.empty() || std::any_of(all.begin(), all.end(), [&](const Measurement& one) {
        return one.metric == ratio.metric;
      });
  if (has_metric) return absl::OkStatus();
  return InputError({file, ratio.line, "metric"}, absl::StrCat("'", ratio.metric, "'"),
                    absl::StrCat("a metric that was measured of ", id));
}

}  // namespace

absl::StatusOr<std::vector<MeasuredRatio>> ReadRatios(const std::string& path,
                                                      const std::vector<MeasuredCase>& cases) {
  ASSIGN_OR_RETURN(const CsvTable table, ReadCsv(path));
  for (const TextColumn& column : kColumns) {
    if (table.Column(column.name) >= 0) continue;
    return InputError({path, 1, column.name}, "column is missing",
                      "name, numerator, denominator, metric and source");
  }
  std::vector<MeasuredRatio> ratios;
  for (const CsvTable::Row& row : table.rows) {
    MeasuredRatio ratio{.line = row.line};
    for (const TextColumn& column : kColumns) {
      ratio.*column.member = row.cells[table.Column(column.name)];
      if (column.may_be_empty || !(ratio.*column.member).empty()) continue;
      return InputError({path, row.line, column.name}, "is empty", "text");
    }
    RETURN_IF_ERROR(CheckCase(path, ratio, "numerator", ratio.numerator, cases));
    RETURN_IF_ERROR(CheckCase(path, ratio, "denominator", ratio.denominator, cases));
    ratios.push_back(ratio);
  }
  return ratios;
}

}  // namespace fleetsim
