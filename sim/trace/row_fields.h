// What one row of a text trace holds, with errors that name file, line, field and value.
#ifndef SIM_TRACE_ROW_FIELDS_H_
#define SIM_TRACE_ROW_FIELDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/trace/text_lines.h"

namespace fleetsim {

// A prompt's or an answer's length: a whole number from 1 to 2^31 - 1.
absl::StatusOr<std::int32_t> ReadTokens(const TextLines& line, const std::string& field,
                                        absl::string_view text);
// A finite number that is not negative.
absl::StatusOr<double> ReadTime(const TextLines& line, const std::string& field,
                                absl::string_view text);
absl::StatusOr<std::int64_t> ReadWhole(const TextLines& line, const std::string& field,
                                       absl::string_view text);

}  // namespace fleetsim

#endif  // SIM_TRACE_ROW_FIELDS_H_
