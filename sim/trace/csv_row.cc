#include "sim/trace/csv_row.h"

#include <csv.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"

namespace fleetsim {

struct CsvRow::Parser {
  Parser() { csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI); }
  ~Parser() { csv_free(&csv); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  csv_parser csv{};
  std::vector<std::string> cells;  // reused from row to row
  std::size_t filled = 0;
  bool complete = false;
};

CsvRow::CsvRow(std::vector<std::string> required, std::vector<std::string> optional)
    : names_(std::move(required)), required_(names_.size()), parser_(std::make_unique<Parser>()) {
  names_.insert(names_.end(), optional.begin(), optional.end());
  places_.assign(names_.size(), -1);
}
CsvRow::~CsvRow() = default;

const std::string& CsvRow::Cell(int column) const { return parser_->cells[places_[column]]; }

absl::Status CsvRow::Split(const TextLines& line) {
  const auto take_cell = [](void* text, std::size_t length, void* parser) {
    auto* self = static_cast<Parser*>(parser);
    if (self->filled == self->cells.size()) self->cells.emplace_back();
    self->cells[self->filled++].assign(static_cast<const char*>(text), length);
  };
  const auto take_row = [](int, void* parser) { static_cast<Parser*>(parser)->complete = true; };
  parser_->filled = 0;
  parser_->complete = false;
  const absl::string_view text = line.text();
  const bool parsed = csv_parse(&parser_->csv, text.data(), text.size(), take_cell, take_row,
                                parser_.get()) == text.size() &&
                      csv_parse(&parser_->csv, "\n", 1, take_cell, take_row, parser_.get()) == 1;
  if (parsed && parser_->complete) return absl::OkStatus();
  parser_ = std::make_unique<Parser>();  // the next line starts afresh
  return InputError(line.At(), "quotes that do not close in their line",
                    "quotes only around whole cells, doubled inside");
}

absl::Status CsvRow::ReadHeader(const TextLines& line) {
  RETURN_IF_ERROR(Split(line));
  columns_ = parser_->filled;
  const auto begin = parser_->cells.begin(), end = begin + static_cast<std::ptrdiff_t>(columns_);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const auto found = std::find(begin, end, names_[i]);
    if (found == end && i < required_) {
      return InputError(line.At(names_[i]), "column is missing",
                        absl::StrCat("the header has ", absl::StrJoin(begin, end, ",")));
    }
    if (found != end && std::find(found + 1, end, names_[i]) != end) {
      return InputError(line.At(names_[i]), "column stands twice", "each column once");
    }
    places_[i] = found == end ? -1 : static_cast<int>(found - begin);
  }
  return absl::OkStatus();
}

absl::Status CsvRow::Read(const TextLines& line) {
  RETURN_IF_ERROR(Split(line));
  if (parser_->filled == columns_) return absl::OkStatus();
  return InputError(line.At(), absl::StrCat(parser_->filled, " cells"),
                    absl::StrCat("the header has ", columns_));
}

}  // namespace fleetsim
