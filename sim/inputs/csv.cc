#include "sim/inputs/csv.h"

#include <csv.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "sim/inputs/byte_source.h"

namespace fleetsim {
namespace {

struct Parsing {
  std::vector<CsvTable::Row> rows;
  CsvTable::Row row;
  int line = 1;  // where the present row started
};

void TakeCell(void* text, size_t length, void* parsing) {
  static_cast<Parsing*>(parsing)->row.cells.emplace_back(static_cast<const char*>(text), length);
}

void TakeRow(int /*terminator*/, void* opaque) {
  auto* parsing = static_cast<Parsing*>(opaque);
  parsing->row.line = parsing->line;
  parsing->rows.push_back(std::move(parsing->row));
  parsing->row = {};
}

// One character at a time, so that the line of every row is known even where quoted cells span
// lines.
absl::Status Parse(const std::string& path, const std::string& content, Parsing& parsing) {
  csv_parser parser;
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
  const std::unique_ptr<csv_parser, void (*)(csv_parser*)> owner(&parser, csv_free);
  int line = 1;
  size_t rows = 0;
  bool between_rows = true;
  for (const char& character : content) {
    if (between_rows && character != '\r' && character != '\n') {
      parsing.line = line;
      between_rows = false;
    }
    if (character == '\0') return InputError({path, line, ""}, "NUL byte", "a text file");
    if (csv_parse(&parser, &character, 1, TakeCell, TakeRow, &parsing) != 1) {
      return InputError({path, line, ""}, csv_strerror(csv_error(&parser)),
                        "quotes only around whole cells, doubled inside");
    }
    if (character == '\n') ++line;
    if (parsing.rows.size() != rows) {
      rows = parsing.rows.size();
      between_rows = true;
    }
  }
  if (csv_fini(&parser, TakeCell, TakeRow, &parsing) != 0) {
    return InputError({path, parsing.line, ""}, "quoted cell is never closed", "a closing quote");
  }
  return absl::OkStatus();
}

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

// The whole file, unpacked.
absl::StatusOr<std::string> Unpacked(const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> bytes, OpenBytes(path));
  std::string content;
  while (content.size() <= kMostBytes) {
    ASSIGN_OR_RETURN(const absl::string_view piece, bytes->Next());
    if (piece.empty()) return content;
    content.append(piece.data(), piece.size());
  }
  return InputError({path}, "is larger than 1 GiB when unpacked", "a table");
}

}  // namespace

int CsvTable::Column(absl::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), std::string(name));
  return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

absl::StatusOr<CsvTable> ReadCsv(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, Unpacked(path));
  Parsing parsing;
  RETURN_IF_ERROR(Parse(path, content, parsing));
  if (parsing.rows.empty()) return InputError({path, 0, ""}, "empty file", "a header line");
  CsvTable table{.file = path, .columns = std::move(parsing.rows.front().cells)};
  parsing.rows.erase(parsing.rows.begin());
  std::set<std::string> names;
  for (const std::string& column : table.columns) {
    if (!names.insert(column).second) {
      return InputError({path, 1, column}, "column stands twice", "each column once");
    }
  }
  for (const CsvTable::Row& row : parsing.rows) {
    if (row.cells.size() != table.columns.size()) {
      return InputError({path, row.line, ""}, absl::StrCat(row.cells.size(), " cells"),
                        absl::StrCat("the header has ", table.columns.size()));
    }
  }
  table.rows = std::move(parsing.rows);
  return table;
}

}  // namespace fleetsim
