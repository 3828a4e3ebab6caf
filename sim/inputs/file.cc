#include "sim/inputs/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/inputs/output_file.h"

namespace fleetsim {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;

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

 private:
  int descriptor_;
};

absl::Status FileError(const std::string& path, absl::string_view what,
                       absl::string_view expected) {
  return InputError(Location{path}, absl::StrCat(what, " (", std::strerror(errno), ")"), expected);
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
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path));
  RETURN_IF_ERROR(file.Write(content));
  return file.Commit();
}

}  // namespace fleetsim
