#include "sim/inputs/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace fleetsim {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr mode_t kNewFileMode = 0666;

// An open file that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  bool Close() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return close(descriptor) == 0;
  }

 private:
  int descriptor_;
};

absl::Status FileError(const std::string& path, absl::string_view what,
                       absl::string_view expected) {
  return InputError(Location{path}, absl::StrCat(what, " (", std::strerror(errno), ")"), expected);
}

bool WriteAll(int descriptor, absl::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

absl::Status WriteInPlace(const std::string& path, absl::string_view content) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return FileError(path, "cannot be opened for writing", "");
  if (!WriteAll(file.get(), content)) return FileError(path, "cannot be written", "");
  return absl::OkStatus();
}

// Creates the temporary file's content; the caller removes it on failure.
absl::Status FillTemporary(const std::string& path, int descriptor, absl::string_view content) {
  Descriptor file(descriptor);
  // mkstemp creates private files; the result gets what the user's umask grants a new file.
  const mode_t mask = umask(0);
  umask(mask);
  if (!WriteAll(file.get(), content) || fchmod(file.get(), kNewFileMode & ~mask) != 0 ||
      !file.Close()) {
    return FileError(path, "cannot be written", "free space and write permission are needed");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, std::int64_t limit_bytes) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return FileError(path, "cannot be opened", errno == ENOENT ? "give the path of a file" : "");
  }
  struct stat facts {};
  if (fstat(file.get(), &facts) != 0) return FileError(path, "cannot be read", "");
  if (S_ISDIR(facts.st_mode)) {
    return InputError(Location{path}, "is a folder", "give the path of a file");
  }
  std::string content;
  while (true) {
    const std::size_t before = content.size();
    content.resize(before + kChunk);
    const ssize_t got = read(file.get(), content.data() + before, kChunk);
    content.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(path, "cannot be read", "");
    if (got == 0) return content;
    if (static_cast<std::int64_t>(content.size()) > limit_bytes) {
      return InputError(Location{path}, absl::StrCat("is larger than ", limit_bytes, " bytes"),
                        "split it");
    }
  }
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode)) {
    if (S_ISDIR(facts.st_mode)) {
      return InputError(Location{path}, "is a folder", "give the path of a file to write");
    }
    return WriteInPlace(path, content);
  }
  std::string temporary = path + ".XXXXXX";
  const int descriptor = mkstemp(temporary.data());
  if (descriptor < 0) {
    return FileError(path, "cannot be created", "its folder must exist and be writable");
  }
  absl::Status status = FillTemporary(path, descriptor, content);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = FileError(path, "cannot be replaced", "");
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

}  // namespace fleetsim
