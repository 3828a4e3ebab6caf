// Checks that every kind of catalog entry shares: what must be there, and plausible sizes, so that
// a value in the wrong unit stops at the door.
#ifndef SIM_INPUTS_ENTRY_CHECKS_H_
#define SIM_INPUTS_ENTRY_CHECKS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

// A number field of an entry (dotted inside a message: "peak.flops_per_s") and its plausible
// values.
struct Bounds {
  absl::string_view field;
  double low, high;
  absl::string_view unit;  // with an example: "bytes; 80 GB is 80e9"
};

// Every set number of the entry, evidence aside, lies in its bounds. A number field without bounds
// is a bug of the caller.
absl::Status CheckBounds(const google::protobuf::Message& entry, const std::vector<Bounds>& bounds,
                         const std::string& file, const FieldLines& lines);

// The entry states all of these fields.
absl::Status CheckPresent(const google::protobuf::Message& entry,
                          const std::vector<absl::string_view>& fields, const std::string& file,
                          const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_ENTRY_CHECKS_H_
