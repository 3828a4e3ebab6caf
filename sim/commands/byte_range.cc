#include "sim/commands/byte_range.h"

#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

constexpr double kLargest = 1125899906842624.0;  // 1 PiB: above it the unit is wrong
constexpr int kMostSizes = 10000;
constexpr char kExpected[] = "sizes such as \"64MiB\" or \"1KiB..8GiB\", up to 1024 TiB";

struct Unit {
  const char* name;
  double bytes;
};
constexpr std::array<Unit, 10> kUnits = {{{"", 1},
                                          {"b", 1},
                                          {"kb", 1e3},
                                          {"mb", 1e6},
                                          {"gb", 1e9},
                                          {"tb", 1e12},
                                          {"kib", 1024.0},
                                          {"mib", 1048576.0},
                                          {"gib", 1073741824.0},
                                          {"tib", 1099511627776.0}}};

absl::StatusOr<double> ParseSize(const char* flag, absl::string_view whole,
                                 absl::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789.");
  const std::string unit =
      digits == absl::string_view::npos
          ? ""
          : absl::AsciiStrToLower(absl::StripAsciiWhitespace(text.substr(digits)));
  double number = 0;
  if (absl::SimpleAtod(text.substr(0, digits), &number)) {
    for (const Unit& known : kUnits) {
      const double bytes = number * known.bytes;
      if (unit == known.name && bytes >= 1 && bytes <= kLargest) return bytes;
    }
  }
  return InputError({.file = flag}, absl::StrCat("is \"", std::string(whole), "\""), kExpected);
}

}  // namespace

absl::StatusOr<std::vector<Bytes>> ParseByteRange(const char* flag, absl::string_view text,
                                                  double factor) {
  const size_t dots = text.find("..");
  const bool one = dots == absl::string_view::npos;
  ASSIGN_OR_RETURN(const double first, ParseSize(flag, text, text.substr(0, dots)));
  ASSIGN_OR_RETURN(const double last, ParseSize(flag, text, one ? text : text.substr(dots + 2)));
  if (last < first) {
    return InputError({.file = flag}, absl::StrCat("goes down: \"", std::string(text), "\""),
                      "the smaller size first");
  }
  std::vector<Bytes> sizes;
  // A last size that rounding would miss is still there.
  for (double size = first; size <= last * (1 + 1e-9); size *= factor) {
    sizes.push_back(Bytes(std::floor(size)));
    if (sizes.size() > kMostSizes) {
      return InputError({.file = flag}, "has more than 10000 sizes", "a larger --factor");
    }
  }
  return sizes;
}

std::string ByteSizeText(Bytes size) {
  double value = size.value();
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  int unit = 0;
  for (; unit < 5 && value >= 1024; ++unit) value /= 1024;
  return absl::StrCat(FormatNumber(value, 4), " ", units[unit]);
}

}  // namespace fleetsim
