// Checks of binary protobuf files before they are parsed, so that a damaged file gets a message
// that says where and why.
#ifndef SIM_INPUTS_WIRE_FORMAT_H_
#define SIM_INPUTS_WIRE_FORMAT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace google::protobuf {
class Descriptor;
}

namespace fleetsim {

// Every tag is a known field of the type with the right encoding, and every length prefix lies
// inside its message.
absl::Status CheckWireFormat(const std::string& path, absl::string_view bytes,
                             const google::protobuf::Descriptor& type);

}  // namespace fleetsim

#endif  // SIM_INPUTS_WIRE_FORMAT_H_
