// Whole files in and out.
#ifndef SIM_INPUTS_FILE_H_
#define SIM_INPUTS_FILE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace fleetsim {

// The whole file. Errors: missing, unreadable, a folder, larger than `limit_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     std::int64_t limit_bytes = std::int64_t{1} << 30);

// Writes to a temporary file beside `path` and renames it; nothing is left behind on failure. What
// exists and is no plain file (a pipe, a terminal) is written in place.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content);

}  // namespace fleetsim

#endif  // SIM_INPUTS_FILE_H_
