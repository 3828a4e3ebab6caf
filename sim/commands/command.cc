#include "sim/commands/command.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "sim/inputs/file.h"

namespace fleetsim {

int Complain(const absl::Status& status) {
  std::fprintf(stderr, "fleetsim: %s\n", std::string(status.message()).c_str());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented:
      return 2;
    default:
      return 1;
  }
}

absl::Status Deliver(absl::string_view content, const std::string& path) {
  if (!path.empty()) return WriteFileAtomically(path, content);
  const size_t written = std::fwrite(content.data(), 1, content.size(), stdout);
  if (written != content.size() || std::fflush(stdout) != 0) {
    return absl::InternalError("cannot write to standard output");
  }
  return absl::OkStatus();
}

Progress::Progress(std::string what, int total)
    : what_(std::move(what)), total_(total), shown_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_) std::fprintf(stderr, "\r\033[K");
}

void Progress::Report(int done) {
  if (shown_) std::fprintf(stderr, "\r%s: %d of %d", what_.c_str(), done, total_);
}

}  // namespace fleetsim
