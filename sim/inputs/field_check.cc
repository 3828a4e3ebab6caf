#include "sim/inputs/field_check.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace fleetsim {
namespace {

// Whole numbers in full, others as short as they can be read back.
std::string Number(double value) { return absl::StrFormat("%.12g", value); }

}  // namespace

FieldCheck::FieldCheck(std::string file, const FieldLines& lines, std::string path)
    : file_(std::move(file)), lines_(lines), path_(std::move(path)) {}

FieldCheck FieldCheck::Inside(absl::string_view field) const {
  return FieldCheck(file_, lines_, At(field).field);
}

Location FieldCheck::At(absl::string_view field) const {
  std::string path = path_;
  if (!path.empty() && !field.empty()) path += ".";
  absl::StrAppend(&path, field);
  return Location{file_, lines_.LineOf(path), path};
}

absl::Status FieldCheck::Wrong(absl::string_view field, absl::string_view found,
                               absl::string_view expected) const {
  return InputError(At(field), found, expected);
}

absl::Status FieldCheck::InRange(absl::string_view field, double value, double low,
                                 double high) const {
  return CheckRange(At(field), value, low, high);
}

absl::Status FieldCheck::Given(absl::string_view field, bool given,
                               absl::string_view expected) const {
  return given ? absl::OkStatus() : Wrong(field, "is missing", expected);
}

absl::Status CheckRange(const Location& where, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return InputError(where, absl::StrCat("is ", Number(value)),
                    absl::StrCat("give ", Number(low), " to ", Number(high)));
}

}  // namespace fleetsim
