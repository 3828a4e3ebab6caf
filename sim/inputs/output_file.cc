#include "sim/inputs/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace fleetsim {
namespace {

constexpr mode_t kNewFileMode = 0666;

absl::Status FileError(const std::string& path, absl::string_view what,
                       absl::string_view expected) {
  return InputError(Location{path}, absl::StrCat(what, " (", std::strerror(errno), ")"), expected);
}

}  // namespace

OutputFile::OutputFile(std::string path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::Status OutputFile::Failed(absl::string_view what, absl::string_view expected) const {
  return FileError(path_, what, expected);
}

absl::StatusOr<OutputFile> OutputFile::Create(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode)) {
    if (S_ISDIR(facts.st_mode)) {
      return InputError(Location{path}, "is a folder", "give the path of a file to write");
    }
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return FileError(path, "cannot be opened for writing", "");
    return OutputFile(path, "", descriptor);
  }
  std::string temporary = path + ".XXXXXX";
  const int descriptor = mkstemp(temporary.data());
  if (descriptor < 0) {
    return FileError(path, "cannot be created", "its folder must exist and be writable");
  }
  return OutputFile(path, temporary, descriptor);
}

absl::Status OutputFile::Write(absl::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(descriptor_, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return Failed("cannot be written", "free space and write permission are needed");
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Commit() {
  // mkstemp creates private files; the result gets what the user's umask grants a new file.
  const mode_t mask = umask(0);
  umask(mask);
  const bool moded = temporary_.empty() || fchmod(descriptor_, kNewFileMode & ~mask) == 0;
  if (close(std::exchange(descriptor_, -1)) != 0 || !moded) {
    return Failed("cannot be written", "free space and write permission are needed");
  }
  if (temporary_.empty()) return absl::OkStatus();
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return Failed("cannot be replaced", "");
  temporary_.clear();
  return absl::OkStatus();
}

}  // namespace fleetsim
