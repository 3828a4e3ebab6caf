// Reading protobuf files written by hand or by machine: text or binary, told apart by content, with
// the file and line of any field for error messages.
#ifndef SIM_INPUTS_TEXTPROTO_H_
#define SIM_INPUTS_TEXTPROTO_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/inputs/file.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace fleetsim {

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

// Parses `path` into `message`. A file with control characters other than white space is binary,
// any other is text. Errors name file, line and column; NaN, infinities and unknown enumeration
// values anywhere are errors; so are a binary file's unknown fields, and length prefixes that
// disagree with what is there.
absl::StatusOr<FieldLines> ParseProtoFile(const std::string& path,
                                          google::protobuf::Message* message);

}  // namespace fleetsim

#endif  // SIM_INPUTS_TEXTPROTO_H_
