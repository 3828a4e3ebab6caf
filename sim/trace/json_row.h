// Rows of a JSON lines file: one object a line.
#ifndef SIM_TRACE_JSON_ROW_H_
#define SIM_TRACE_JSON_ROW_H_

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/model/request.h"
#include "sim/trace/text_lines.h"

namespace fleetsim {

class JsonRow {
 public:
  JsonRow();
  ~JsonRow();

  // Errors: not JSON, not an object.
  absl::Status Read(const TextLines& line);

  // Fields of the row last read. Errors: missing, of another type (a number in quotes included),
  // out of the range of what it is.
  absl::StatusOr<std::int32_t> Tokens(const TextLines& line, const std::string& field) const;
  absl::StatusOr<double> Time(const TextLines& line, const std::string& field) const;
  absl::StatusOr<std::int64_t> Whole(const TextLines& line, const std::string& field) const;
  // Whole numbers from 0 to 2^64 - 1; empty where the field is absent.
  absl::StatusOr<std::vector<std::uint64_t>> Hashes(const TextLines& line,
                                                    const std::string& field) const;

 private:
  absl::StatusOr<const nlohmann::json*> Field(const TextLines& line,
                                              const std::string& field) const;
  std::unique_ptr<nlohmann::json> row_;
};

// The fields input_length, output_length and hash_ids, the latter of blocks of so many tokens: the
// last, partly filled block's id is checked and left out.
absl::Status ReadLengthsAndBlocks(const TextLines& line, const JsonRow& row, int block_tokens,
                                  Request& request);

}  // namespace fleetsim

#endif  // SIM_TRACE_JSON_ROW_H_
