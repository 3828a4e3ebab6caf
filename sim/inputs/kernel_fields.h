// Checks of the numbers of a kernel class entry, with messages that say where they stand.
#ifndef SIM_INPUTS_KERNEL_FIELDS_H_
#define SIM_INPUTS_KERNEL_FIELDS_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "sim/base/status.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

inline constexpr double kLongestStartUpSeconds = 1e-3;
inline constexpr double kLargestTile = 4096;
inline constexpr double kDeepestRamp = 1e5;
// Boost clocks lie up to a tenth above the clock that vendors state peaks at.
inline constexpr double kLargestUnitRatio = 1.15;

// Where the numbers of one entry are, for error messages.
class KernelFields {
 public:
  KernelFields(const std::string& file, const FieldLines& lines) : file_(file), lines_(lines) {}

  absl::Status Wrong(const std::string& path, absl::string_view found,
                     absl::string_view expected) const {
    return InputError({file_, lines_.LineOf(path), path}, found, expected);
  }
  // low < value <= high.
  absl::Status Above(const std::string& path, double value, double low, double high) const {
    if (value > low && value <= high) return absl::OkStatus();
    return Wrong(path, absl::StrCat("is ", value),
                 absl::StrCat("more than ", low, ", at most ", high));
  }
  // low <= value <= high.
  absl::Status Within(const std::string& path, double value, double low, double high) const {
    if (value >= low && value <= high) return absl::OkStatus();
    return Wrong(path, absl::StrCat("is ", value), absl::StrCat(low, " to ", high));
  }
  absl::Status NotEmpty(const std::string& path, int size) const {
    return size > 0 ? absl::OkStatus() : Wrong(path, "is missing", "at least one");
  }

 private:
  const std::string& file_;
  const FieldLines& lines_;
};

}  // namespace fleetsim

#endif  // SIM_INPUTS_KERNEL_FIELDS_H_
