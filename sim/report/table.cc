#include "sim/report/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/base/check.h"
#include "sim/base/nearest.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

constexpr absl::string_view kGap = "  ";
constexpr int kMostDecimals = 4;

bool Unknown(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }
bool IsNumber(const Cell& cell) { return std::holds_alternative<double>(cell); }

// The shortest text that reads back as the same double.
std::string RoundTrip(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return std::string(buffer, end);
}

// Digits after the point that the number needs at so many significant digits.
int Decimals(double value, int digits) {
  std::string text = FormatNumber(value, digits);
  const std::size_t point = text.find('.');
  return point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

std::string CsvCell(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return CsvField(*text);
  if (const auto* number = std::get_if<double>(&cell)) return RoundTrip(*number);
  if (const auto* truth = std::get_if<bool>(&cell)) return *truth ? "true" : "false";
  return "";
}

nlohmann::ordered_json JsonCell(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* truth = std::get_if<bool>(&cell)) return *truth;
  return nullptr;
}

// One column as text: title, unit, cells; all of one width.
std::vector<std::string> TextColumn(const Column& column,
                                    const std::vector<std::vector<Cell>>& rows, std::size_t index) {
  bool numeric = false;
  int decimals = 0;
  for (const auto& row : rows) {
    if (!IsNumber(row[index])) continue;
    numeric = true;
    decimals =
        std::max(decimals, Decimals(std::get<double>(row[index]) / column.scale, column.digits));
  }
  decimals = std::min(decimals, kMostDecimals);
  std::vector<std::string> lines = {column.title, column.unit};
  for (const auto& row : rows) {
    const Cell& cell = row[index];
    if (IsNumber(cell)) {
      lines.push_back(FormatFixed(std::get<double>(cell) / column.scale, decimals));
    } else if (const auto* truth = std::get_if<bool>(&cell)) {
      lines.push_back(*truth ? "yes" : "no");
    } else {
      lines.push_back(Unknown(cell) ? "-" : std::get<std::string>(cell));
    }
  }
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, line.size());
  for (std::string& line : lines) line.insert(numeric ? 0 : line.size(), width - line.size(), ' ');
  return lines;
}

// Numbers from large to small before text before unknown.
bool Before(const Cell& a, const Cell& b) {
  if (Unknown(a) || Unknown(b)) return !Unknown(a) && Unknown(b);
  if (IsNumber(a) && IsNumber(b)) return std::get<double>(a) > std::get<double>(b);
  return a.index() != b.index() ? IsNumber(a) : a < b;
}

}  // namespace

absl::StatusOr<TableFormat> ParseTableFormat(absl::string_view name) {
  if (name == "text") return TableFormat::kText;
  if (name == "csv") return TableFormat::kCsv;
  if (name == "json") return TableFormat::kJson;
  return absl::InvalidArgumentError(absl::StrCat("--format: unknown format \"", name, "\"; ",
                                                 DidYouMean(name, {"text", "csv", "json"})));
}

void Table::AddRow(std::vector<Cell> row) {
  FLEETSIM_CHECK(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

absl::Status Table::SortBy(absl::string_view key) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    keys.push_back(columns_[i].key);
    if (columns_[i].key != key && columns_[i].title != key) continue;
    std::stable_sort(rows_.begin(), rows_.end(),
                     [i](const auto& a, const auto& b) { return Before(a[i], b[i]); });
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat("no column \"", key, "\"; ", DidYouMean(key, keys)));
}

std::string Table::Render(TableFormat format) const {
  switch (format) {
    case TableFormat::kCsv:
      return Csv();
    case TableFormat::kJson:
      return Json();
    case TableFormat::kText:
      break;
  }
  return Text();
}

std::string Table::Text() const {
  std::vector<std::vector<std::string>> columns;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    columns.push_back(TextColumn(columns_[i], rows_, i));
  }
  const bool units = std::any_of(columns_.begin(), columns_.end(),
                                 [](const Column& column) { return !column.unit.empty(); });
  std::string text;
  for (std::size_t line = 0; line < rows_.size() + 2; ++line) {
    if (line == 1 && !units) continue;
    std::string joined = absl::StrJoin(columns, kGap, [line](std::string* out, const auto& column) {
      absl::StrAppend(out, column[line]);
    });
    joined.erase(joined.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, joined, "\n");
  }
  return text;
}

std::string Table::Csv() const {
  std::string text = absl::StrJoin(columns_, ",", [](std::string* out, const Column& column) {
    absl::StrAppend(out, CsvField(column.key));
  });
  for (const auto& row : rows_) {
    absl::StrAppend(&text, "\n", absl::StrJoin(row, ",", [](std::string* out, const Cell& cell) {
      absl::StrAppend(out, CsvCell(cell));
    }));
  }
  return text + "\n";
}

std::string Table::Json() const {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const auto& row : rows_) {
    nlohmann::ordered_json object;
    for (std::size_t i = 0; i < row.size(); ++i) object[columns_[i].key] = JsonCell(row[i]);
    array.push_back(std::move(object));
  }
  return array.dump(2) + "\n";
}

}  // namespace fleetsim
