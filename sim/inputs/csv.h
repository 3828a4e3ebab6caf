// Comma-separated tables with a header line (RFC 4180).
#ifndef SIM_INPUTS_CSV_H_
#define SIM_INPUTS_CSV_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace fleetsim {

struct CsvTable {
  std::string file;
  std::vector<std::string> columns;
  struct Row {
    int line = 0;  // in the file, from 1
    std::vector<std::string> cells;
  };
  std::vector<Row> rows;

  // Index of a column, or -1.
  int Column(absl::string_view name) const;
};

// Unpacked where it is compressed by gzip or xz. Errors: those of OpenBytes, an empty file, NUL
// bytes, an unclosed quote, a row with another number of cells than the header, a column named
// twice.
absl::StatusOr<CsvTable> ReadCsv(const std::string& path);

}  // namespace fleetsim

#endif  // SIM_INPUTS_CSV_H_
