#include "sim/inputs/cases_reader.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "sim/inputs/csv.h"

namespace fleetsim {
namespace {

struct TextColumn {
  const char* name;
  std::string MeasuredCase::*member;
};
constexpr TextColumn kText[] = {
    {"id", &MeasuredCase::id},
    {"family", &MeasuredCase::family},
    {"grade", &MeasuredCase::grade},
    {"source", &MeasuredCase::source},
    {"model", &MeasuredCase::model},
    {"accelerator", &MeasuredCase::accelerator},
    {"fabric", &MeasuredCase::fabric},
    {"precision", &MeasuredCase::precision},
    {"recompute", &MeasuredCase::recompute},
    {"notes", &MeasuredCase::notes},
};

struct CountColumn {
  const char* name;
  std::optional<int> MeasuredCase::*member;
  int least, most;
};
constexpr int kMillion = 1000000;
constexpr CountColumn kCounts[] = {
    {"layers", &MeasuredCase::layers, 1, 10000},
    {"hidden", &MeasuredCase::hidden, 1, kMillion},
    {"heads", &MeasuredCase::heads, 1, kMillion},
    {"kv_heads", &MeasuredCase::kv_heads, 1, kMillion},
    {"ffn", &MeasuredCase::ffn, 1, 100 * kMillion},
    {"vocab", &MeasuredCase::vocab, 1, 100 * kMillion},
    {"seq", &MeasuredCase::sequence_length, 1, 1000 * kMillion},
    {"experts", &MeasuredCase::experts, 0, kMillion},
    {"n_accel", &MeasuredCase::accelerators, 1, 10 * kMillion},
    {"per_node", &MeasuredCase::per_node, 1, kMillion},
    {"tp", &MeasuredCase::tensor, 1, kMillion},
    {"pp", &MeasuredCase::pipeline, 1, kMillion},
    {"vpp", &MeasuredCase::virtual_stages, 1, kMillion},
    {"dp", &MeasuredCase::data, 1, kMillion},
    {"cp", &MeasuredCase::context, 1, kMillion},
    {"ep", &MeasuredCase::expert, 1, kMillion},
    {"zero", &MeasuredCase::zero_stage, 0, 3},
    {"mbs", &MeasuredCase::micro_batch, 1, kMillion},
    {"gbs", &MeasuredCase::global_batch, 1, 1000 * kMillion},
};

constexpr CountColumn kExpertsPerToken = {"topk", &MeasuredCase::experts_per_token, 1, kMillion};

class RowReader {
 public:
  RowReader(const CsvTable& table, const CsvTable::Row& row) : table_(table), row_(row) {}

  const std::string& Cell(const char* column) const { return row_.cells[table_.Column(column)]; }

  absl::StatusOr<std::optional<int>> Count(const CountColumn& column) const {
    const std::string& cell = Cell(column.name);
    if (cell.empty()) return std::optional<int>();
    double value = 0;
    if (!absl::SimpleAtod(cell, &value) || value != std::floor(value) || value < column.least ||
        value > column.most) {
      return Wrong(column.name, absl::StrCat("a whole number from ", column.least, " to ",
                                             column.most, ", or nothing where it is not stated"));
    }
    return std::optional<int>(static_cast<int>(value));
  }

  absl::StatusOr<double> Value() const {
    double value = 0;
    if (!absl::SimpleAtod(Cell("value"), &value) || !std::isfinite(value) || value <= 0.0) {
      return Wrong("value", "a finite number above 0");
    }
    return value;
  }

  absl::Status Wrong(const char* column, absl::string_view expected) const {
    return InputError({table_.file, row_.line, column}, absl::StrCat("'", Cell(column), "'"),
                      expected);
  }

 private:
  const CsvTable& table_;
  const CsvTable::Row& row_;
};

absl::StatusOr<MeasuredCase> ReadConfiguration(const CsvTable& table, const CsvTable::Row& row) {
  const RowReader reader(table, row);
  MeasuredCase result;
  result.line = row.line;
  for (const TextColumn& column : kText) result.*column.member = reader.Cell(column.name);
  for (const CountColumn& column : kCounts) {
    ASSIGN_OR_RETURN(result.*column.member, reader.Count(column));
  }
  if (table.Column("topk") >= 0) {
    ASSIGN_OR_RETURN(result.experts_per_token, reader.Count(kExpertsPerToken));
  }
  if (table.Column("stack") >= 0) result.stack = reader.Cell("stack");
  if (table.Column("region") >= 0) result.region = reader.Cell("region");
  if (result.id.empty()) return reader.Wrong("id", "a name for the configuration");
  return result;
}

absl::Status CheckColumns(const CsvTable& table) {
  std::vector<std::string> needed = {"metric", "value", "unit"};
  for (const TextColumn& column : kText) needed.emplace_back(column.name);
  for (const CountColumn& column : kCounts) needed.emplace_back(column.name);
  for (const std::string& name : needed) {
    if (table.Column(name) < 0) {
      return InputError({table.file, 1, name}, "column is missing",
                        "the columns that docs/validate.md lists");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<MeasuredCase>> ReadCases(const std::string& path) {
  ASSIGN_OR_RETURN(const CsvTable table, ReadCsv(path));
  RETURN_IF_ERROR(CheckColumns(table));
  std::vector<MeasuredCase> cases;
  std::map<std::string, size_t> by_id;
  for (const CsvTable::Row& row : table.rows) {
    const RowReader reader(table, row);
    ASSIGN_OR_RETURN(MeasuredCase configuration, ReadConfiguration(table, row));
    const auto [known, is_new] = by_id.emplace(configuration.id, cases.size());
    if (is_new) cases.push_back(std::move(configuration));
    MeasuredCase& measured = cases[known->second];
    for (const CountColumn& column : kCounts) {
      ASSIGN_OR_RETURN(const std::optional<int> count, reader.Count(column));
      if (count != measured.*column.member) {
        return reader.Wrong(column.name,
                            absl::StrCat("what line ", measured.line, " says of the same id"));
      }
    }
    ASSIGN_OR_RETURN(const double value, reader.Value());
    measured.measurements.push_back({reader.Cell("metric"), value, reader.Cell("unit"), row.line});
  }
  return cases;
}

}  // namespace fleetsim
