// Checks of single values that name the place of what they reject.
#ifndef SIM_INPUTS_FIELD_CHECK_H_
#define SIM_INPUTS_FIELD_CHECK_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

// A message of a parsed file, by its dotted path ("" for the outermost one). Refers to `lines`.
class FieldCheck {
 public:
  FieldCheck(std::string file, const FieldLines& lines, std::string path = "");

  // The check of a message inside this one, "pretrain" or "jobs[2]".
  FieldCheck Inside(absl::string_view field) const;
  // Where `field` stands, or its message where it is absent; "" for the message itself.
  Location At(absl::string_view field) const;

  absl::Status Wrong(absl::string_view field, absl::string_view found,
                     absl::string_view expected) const;
  absl::Status InRange(absl::string_view field, double value, double low, double high) const;
  absl::Status Given(absl::string_view field, bool given, absl::string_view expected) const;

 private:
  std::string file_;
  const FieldLines& lines_;
  std::string path_;
};

// `value` lies in [low, high] (NaN does not), or the error that says so.
absl::Status CheckRange(const Location& where, double value, double low, double high);

}  // namespace fleetsim

#endif  // SIM_INPUTS_FIELD_CHECK_H_
