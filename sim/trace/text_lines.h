// Lines of a text file, compressed or not, one at a time.
#ifndef SIM_TRACE_TEXT_LINES_H_
#define SIM_TRACE_TEXT_LINES_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/inputs/byte_source.h"

namespace fleetsim {

class TextLines {
 public:
  static absl::StatusOr<TextLines> Open(const std::string& path);

  // Goes to the next line; false at the end. Errors: what the file's bytes do not give, a line of
  // more than 16 MiB.
  absl::StatusOr<bool> Next();

  // The present line without its end (LF or CR LF), its number from 1, and where it is.
  absl::string_view text() const { return line_; }
  int number() const { return number_; }
  Location At(const std::string& field = "") const { return {path_, number_, field}; }
  // How much of the file has been read, 0 to 1.
  double Share() const { return bytes_->Share(); }

 private:
  TextLines(std::string path, std::unique_ptr<ByteSource> bytes);

  std::string path_;
  std::unique_ptr<ByteSource> bytes_;
  absl::string_view piece_;  // of the file, not yet given out
  std::string joined_;       // a line that spans pieces
  absl::string_view line_;
  int number_ = 0;
};

}  // namespace fleetsim

#endif  // SIM_TRACE_TEXT_LINES_H_
