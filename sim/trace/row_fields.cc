#include "sim/trace/row_fields.h"

#include <cmath>
#include <limits>

#include "absl/strings/numbers.h"

namespace fleetsim {
namespace {

// What a message quotes of a value that may be long.
constexpr std::size_t kQuoted = 60;

absl::Status Wrong(const TextLines& line, const std::string& field, absl::string_view text,
                   absl::string_view expected) {
  return InputError(
      line.At(field),
      absl::StrCat("is '", text.substr(0, kQuoted), text.size() > kQuoted ? "..." : "", "'"),
      expected);
}

}  // namespace

absl::StatusOr<std::int32_t> ReadTokens(const TextLines& line, const std::string& field,
                                        absl::string_view text) {
  std::int32_t tokens = 0;
  if (!absl::SimpleAtoi(text, &tokens) || tokens < 1) {
    return Wrong(line, field, text, "a whole number of tokens, 1 to 2147483647");
  }
  return tokens;
}

absl::StatusOr<double> ReadTime(const TextLines& line, const std::string& field,
                                absl::string_view text) {
  double time = 0.0;
  if (!absl::SimpleAtod(text, &time) || !std::isfinite(time) || time < 0.0) {
    return Wrong(line, field, text, "a finite number, 0 or more");
  }
  return time;
}

absl::StatusOr<std::int64_t> ReadWhole(const TextLines& line, const std::string& field,
                                       absl::string_view text) {
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) return Wrong(line, field, text, "a whole number");
  return number;
}

}  // namespace fleetsim
