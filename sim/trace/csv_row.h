// Rows of comma-separated values (RFC 4180, a row a line) by the names of their columns.
#ifndef SIM_TRACE_CSV_ROW_H_
#define SIM_TRACE_CSV_ROW_H_

#include <memory>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/trace/text_lines.h"

namespace fleetsim {

class CsvRow {
 public:
  // Columns in the order in which cells are asked for: those that must be there, then others.
  CsvRow(std::vector<std::string> required, std::vector<std::string> optional = {});
  ~CsvRow();

  // Errors: a required column that is missing, one that stands twice.
  absl::Status ReadHeader(const TextLines& line);
  // Errors: another number of cells than the header, an unclosed quote.
  absl::Status Read(const TextLines& line);

  bool Has(int column) const { return places_[column] >= 0; }
  const std::string& Name(int column) const { return names_[column]; }
  // Of a column that is there.
  const std::string& Cell(int column) const;

 private:
  struct Parser;
  absl::Status Split(const TextLines& line);

  std::vector<std::string> names_;
  std::size_t required_;
  std::vector<int> places_;  // of each name in a row; -1: the file lacks it
  std::size_t columns_ = 0;
  std::unique_ptr<Parser> parser_;
};

}  // namespace fleetsim

#endif  // SIM_TRACE_CSV_ROW_H_
