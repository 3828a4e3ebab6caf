// Reading protobuf files written by hand or by machine: text or binary, told apart by content, with
// the file and line of any field for error messages.
#ifndef SIM_INPUTS_TEXTPROTO_H_
#define SIM_INPUTS_TEXTPROTO_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace google::protobuf {
class Message;
class FieldDescriptor;
class TextFormat;
}  // namespace google::protobuf

namespace fleetsim {

// The whole file. Errors: missing, unreadable, a folder, larger than `limit_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     std::int64_t limit_bytes = std::int64_t{1} << 30);

// Writes to a temporary file beside `path` and renames it; nothing is left behind on failure.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content);

// Where the fields of a parsed text file stand. Empty (all lines 0) for a binary file.
class FieldLines {
 public:
  FieldLines();
  ~FieldLines();
  FieldLines(FieldLines&&) noexcept;
  FieldLines& operator=(FieldLines&&) noexcept;

  // Line (from 1) of a field by dotted path, "jobs[0].pretrain.tokens"; the nearest enclosing
  // message's line where the field itself is absent; 0 where unknown.
  int LineOf(absl::string_view path) const;

 private:
  friend absl::StatusOr<FieldLines> ParseProtoFile(const std::string&, google::protobuf::Message*);
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

// Parses `path` into `message`. Errors name file, line and column; NaN and infinities anywhere are
// errors; a binary file's length prefixes are checked against what is there.
absl::StatusOr<FieldLines> ParseProtoFile(const std::string& path,
                                          google::protobuf::Message* message);

}  // namespace fleetsim

#endif  // SIM_INPUTS_TEXTPROTO_H_
