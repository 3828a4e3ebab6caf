// A table of one row a thing: the same cells as aligned text, CSV or JSON.
#ifndef SIM_REPORT_TABLE_H_
#define SIM_REPORT_TABLE_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace fleetsim {

enum class TableFormat { kText, kCsv, kJson };
absl::StatusOr<TableFormat> ParseTableFormat(absl::string_view name);  // text, csv, json

// What a column holds. Cells are in base units; text divides by `scale` and says `unit`.
struct Column {
  std::string key;        // CSV header and JSON field, base unit in the name: "memory_bytes"
  std::string title;      // text header: "memory"
  std::string unit = "";  // under the title in text: "GB"
  double scale = 1.0;     // base units in one `unit`: 1e9
  int digits = 4;         // significant, in text
};

// Empty: unknown ("-", nothing, null).
using Cell = std::variant<std::monostate, std::string, double, bool>;

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void AddRow(std::vector<Cell> row);

  // By the column of that key: numbers from large to small, text alphabetically, unknown last;
  // equal rows keep their order. NotFound with the nearest keys for an unknown one.
  absl::Status SortBy(absl::string_view key);

  const std::vector<std::vector<Cell>>& rows() const { return rows_; }

  std::string Render(TableFormat format) const;
  std::string Text() const;  // numbers aligned right, one header line and one of units
  std::string Csv() const;   // RFC 4180
  std::string Json() const;  // an array of objects

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace fleetsim

#endif  // SIM_REPORT_TABLE_H_
