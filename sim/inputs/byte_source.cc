#include "sim/inputs/byte_source.h"

#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"

namespace fleetsim {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18;
constexpr std::uint64_t kXzMemoryLimit = std::uint64_t{1} << 28;  // bytes; xz -9 needs 65 MiB

constexpr absl::string_view kGzipMagic("\x1f\x8b", 2);
constexpr absl::string_view kXzMagic(
    "\xfd"
    "7zXZ\0",
    6);

Location AtByte(const std::string& path, std::int64_t byte) {
  return {.file = path, .field = absl::StrCat("byte ", byte)};
}

// The file as it is.
class PlainBytes : public ByteSource {
 public:
  static absl::StatusOr<std::unique_ptr<PlainBytes>> Open(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      return InputError({path}, absl::StrCat("cannot be opened (", std::strerror(errno), ")"),
                        errno == ENOENT ? "give the path of a file" : "");
    }
    auto bytes = std::unique_ptr<PlainBytes>(new PlainBytes(path, descriptor));
    struct stat facts {};
    if (fstat(descriptor, &facts) == 0) {
      if (S_ISDIR(facts.st_mode)) return InputError({path}, "is a folder", "give a file's path");
      bytes->size_ = facts.st_size;
    }
    return bytes;
  }
  ~PlainBytes() override { close(descriptor_); }
  PlainBytes(const PlainBytes&) = delete;
  PlainBytes& operator=(const PlainBytes&) = delete;

  absl::StatusOr<absl::string_view> Next() override {
    if (!std::exchange(peeked_, false)) RETURN_IF_ERROR(Fill());
    return absl::string_view(buffer_.data(), filled_);
  }

  // What Next() will give, without taking it.
  absl::StatusOr<absl::string_view> Peek() {
    RETURN_IF_ERROR(Fill());
    peeked_ = true;
    return absl::string_view(buffer_.data(), filled_);
  }

  double Share() const override {
    return size_ > 0 ? static_cast<double>(position_) / static_cast<double>(size_) : 0.0;
  }
  std::int64_t position() const { return position_; }  // bytes read so far
  const std::string& path() const { return path_; }

 private:
  PlainBytes(std::string path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor), buffer_(kPiece) {}

  absl::Status Fill() {
    ssize_t got = 0;
    do got = read(descriptor_, buffer_.data(), buffer_.size());
    while (got < 0 && errno == EINTR);
    if (got < 0) {
      return InputError(AtByte(path_, position_),
                        absl::StrCat("cannot be read (", std::strerror(errno), ")"), "");
    }
    filled_ = static_cast<std::size_t>(got);
    position_ += got;
    return absl::OkStatus();
  }

  std::string path_;
  int descriptor_;
  std::vector<char> buffer_;
  std::size_t filled_ = 0;
  bool peeked_ = false;
  std::int64_t position_ = 0, size_ = 0;
};

absl::Status CutShort(const PlainBytes& raw) {
  return InputError(AtByte(raw.path(), raw.position()), "compressed data ends in the middle",
                    "a whole file: fetch or copy it again");
}
absl::Status Damaged(const PlainBytes& raw, std::size_t unread, absl::string_view what) {
  return InputError(AtByte(raw.path(), raw.position() - static_cast<std::int64_t>(unread)),
                    absl::StrCat("compressed data is damaged (", what, ")"),
                    "a whole file: fetch or copy it again");
}

// RFC 1952, members one after another as gzip itself accepts them.
class GzipBytes : public ByteSource {
 public:
  explicit GzipBytes(std::unique_ptr<PlainBytes> raw) : raw_(std::move(raw)), buffer_(kPiece) {
    constexpr int kWindowBits = 15, kGzipOnly = 16;
    started_ = inflateInit2(&stream_, kWindowBits + kGzipOnly) == Z_OK;
  }
  ~GzipBytes() override { inflateEnd(&stream_); }
  GzipBytes(const GzipBytes&) = delete;
  GzipBytes& operator=(const GzipBytes&) = delete;

  absl::StatusOr<absl::string_view> Next() override {
    if (!started_) return absl::InternalError("zlib cannot start");
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    while (stream_.avail_out == buffer_.size()) {
      if (stream_.avail_in == 0) {
        ASSIGN_OR_RETURN(const absl::string_view piece, raw_->Next());
        if (piece.empty()) return ended_ ? absl::string_view() : CutShortOr();
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
        stream_.avail_in = static_cast<uInt>(piece.size());
      }
      if (std::exchange(ended_, false)) inflateReset(&stream_);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      ended_ = result == Z_STREAM_END;
      if (!ended_ && result != Z_OK && result != Z_BUF_ERROR) {
        return Damaged(*raw_, stream_.avail_in, stream_.msg == nullptr ? "" : stream_.msg);
      }
    }
    return absl::string_view(buffer_.data(), buffer_.size() - stream_.avail_out);
  }
  double Share() const override { return raw_->Share(); }

 private:
  absl::StatusOr<absl::string_view> CutShortOr() const { return CutShort(*raw_); }

  std::unique_ptr<PlainBytes> raw_;
  std::vector<char> buffer_;
  z_stream stream_{};
  bool started_ = false, ended_ = false;  // ended: between two members
};

class XzBytes : public ByteSource {
 public:
  explicit XzBytes(std::unique_ptr<PlainBytes> raw) : raw_(std::move(raw)), buffer_(kPiece) {
    started_ = lzma_stream_decoder(&stream_, kXzMemoryLimit, LZMA_CONCATENATED) == LZMA_OK;
  }
  ~XzBytes() override { lzma_end(&stream_); }
  XzBytes(const XzBytes&) = delete;
  XzBytes& operator=(const XzBytes&) = delete;

  absl::StatusOr<absl::string_view> Next() override {
    if (!started_) return absl::InternalError("liblzma cannot start");
    stream_.next_out = reinterpret_cast<std::uint8_t*>(buffer_.data());
    stream_.avail_out = buffer_.size();
    while (!ended_ && stream_.avail_out == buffer_.size()) {
      if (stream_.avail_in == 0 && !exhausted_) {
        ASSIGN_OR_RETURN(const absl::string_view piece, raw_->Next());
        exhausted_ = piece.empty();
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(piece.data());
        stream_.avail_in = piece.size();
      }
      const lzma_ret result = lzma_code(&stream_, exhausted_ ? LZMA_FINISH : LZMA_RUN);
      ended_ = result == LZMA_STREAM_END;
      if (result == LZMA_BUF_ERROR && exhausted_) return CutShort(*raw_);
      if (!ended_ && result != LZMA_OK && result != LZMA_BUF_ERROR) {
        return Damaged(*raw_, stream_.avail_in, absl::StrCat("liblzma error ", result));
      }
    }
    return absl::string_view(buffer_.data(), buffer_.size() - stream_.avail_out);
  }
  double Share() const override { return raw_->Share(); }

 private:
  std::unique_ptr<PlainBytes> raw_;
  std::vector<char> buffer_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool started_ = false, ended_ = false, exhausted_ = false;
};

// What a compressed file begins with that is not read here, and what reads it.
struct Foreign {
  absl::string_view magic, name, remedy;
};
constexpr std::array<Foreign, 3> kForeign = {{
    {"\x28\xb5\x2f\xfd", "zstd", "decompress it first: zstd -d"},
    {"BZh", "bzip2", "decompress it first: bunzip2"},
    {"PK\x03\x04", "zip", "unpack it first: unzip"},
}};

absl::Status WrongName(const std::string& path, absl::string_view head) {
  for (const Foreign& foreign : kForeign) {
    if (absl::StartsWith(head, foreign.magic)) {
      return InputError({path}, absl::StrCat("is compressed by ", foreign.name), foreign.remedy);
    }
  }
  const std::array<std::pair<absl::string_view, absl::string_view>, 2> kNames = {
      {{".gz", kGzipMagic}, {".xz", kXzMagic}}};
  for (const auto& [ending, magic] : kNames) {
    if (absl::EndsWith(path, ending) && !absl::StartsWith(head, magic)) {
      return InputError(AtByte(path, 0),
                        absl::StrCat("does not begin as the name's ", ending, " says"),
                        "a file that is what its name says");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenBytes(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<PlainBytes> raw, PlainBytes::Open(path));
  ASSIGN_OR_RETURN(const absl::string_view head, raw->Peek());
  if (head.empty()) return InputError({path}, "is empty", "a file with something in it");
  RETURN_IF_ERROR(WrongName(path, head));
  std::unique_ptr<ByteSource> source;
  if (absl::StartsWith(head, kGzipMagic)) {
    source = std::make_unique<GzipBytes>(std::move(raw));
  } else if (absl::StartsWith(head, kXzMagic)) {
    source = std::make_unique<XzBytes>(std::move(raw));
  } else {
    source = std::move(raw);
  }
  return source;
}

}  // namespace fleetsim
