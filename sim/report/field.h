// A number of a message by its path.
#ifndef SIM_REPORT_FIELD_H_
#define SIM_REPORT_FIELD_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace fleetsim {

// The double or int32 at a dotted path of field names, "breakdown.forward_s"; empty where it or a
// message around it is absent. The path must exist in the message's type.
std::optional<double> NumberAt(const google::protobuf::Message& message, absl::string_view path);

}  // namespace fleetsim

#endif  // SIM_REPORT_FIELD_H_
