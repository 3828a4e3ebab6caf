#include "sim/trace/text_lines.h"

#include <algorithm>
#include <utility>

#include "absl/strings/strip.h"

namespace fleetsim {
namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 24;
constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

TextLines::TextLines(std::string path, std::unique_ptr<ByteSource> bytes)
    : path_(std::move(path)), bytes_(std::move(bytes)) {}

absl::StatusOr<TextLines> TextLines::Open(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> bytes, OpenBytes(path));
  return TextLines(path, std::move(bytes));
}

absl::StatusOr<bool> TextLines::Next() {
  joined_.clear();
  ++number_;
  while (true) {
    const std::size_t end = piece_.find('\n');
    if (joined_.size() + std::min(end, piece_.size()) > kLongestLine) {
      return InputError(At(), "line of more than 16 MiB", "a text file with one request a line");
    }
    if (end != absl::string_view::npos) {
      line_ = piece_.substr(0, end);
      piece_.remove_prefix(end + 1);
      if (!joined_.empty()) line_ = joined_.append(line_.data(), line_.size());
      break;
    }
    joined_.append(piece_.data(), piece_.size());
    ASSIGN_OR_RETURN(piece_, bytes_->Next());
    if (piece_.empty()) {
      if (joined_.empty()) return false;
      line_ = joined_;
      break;
    }
  }
  if (number_ == 1) line_ = absl::StripPrefix(line_, kByteOrderMark);
  line_ = absl::StripSuffix(line_, "\r");
  return true;
}

}  // namespace fleetsim
