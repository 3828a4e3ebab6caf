// Message sizes as flags say them: "1MiB", "1KiB..8GiB".
#ifndef SIM_COMMANDS_BYTE_RANGE_H_
#define SIM_COMMANDS_BYTE_RANGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/base/units.h"

namespace fleetsim {

// The sizes from the first to the last, each `factor` times the one before; one size for a range of
// one. Units: B, KB, MB, GB, TB, KiB, MiB, GiB, TiB, or none for bytes. `flag` names the culprit in
// errors.
absl::StatusOr<std::vector<Bytes>> ParseByteRange(const char* flag, absl::string_view text,
                                                  double factor);

// "1 KiB", "1.5 MiB": powers of two, as message sizes are.
std::string ByteSizeText(Bytes size);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_BYTE_RANGE_H_
