// What the protobuf text parser complains of, in our words: file, line, column, field, and what
// would be right.
#ifndef SIM_INPUTS_TEXT_ERROR_H_
#define SIM_INPUTS_TEXT_ERROR_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace google::protobuf {
class Descriptor;
}

namespace fleetsim {

struct TextError {
  int line = 0, column = 0;  // from 1
  std::string message;       // the parser's
};

// `text` is the file's content, `type` the message that was to be read.
absl::Status ExplainTextError(const std::string& path, absl::string_view text,
                              const google::protobuf::Descriptor& type, const TextError& error);

}  // namespace fleetsim

#endif  // SIM_INPUTS_TEXT_ERROR_H_
