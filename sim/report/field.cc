#include "sim/report/field.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "sim/base/check.h"

namespace fleetsim {

std::optional<double> NumberAt(const google::protobuf::Message& message, absl::string_view path) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(path, absl::MaxSplits('.', 1));
  const auto* field = message.GetDescriptor()->FindFieldByName(parts.first);
  FLEETSIM_CHECK(field != nullptr && !field->is_repeated());
  const auto& reflection = *message.GetReflection();
  if (field->has_presence() && !reflection.HasField(message, field)) return std::nullopt;
  if (!parts.second.empty()) return NumberAt(reflection.GetMessage(message, field), parts.second);
  if (field->cpp_type() == field->CPPTYPE_DOUBLE) return reflection.GetDouble(message, field);
  FLEETSIM_CHECK(field->cpp_type() == field->CPPTYPE_INT32);
  return reflection.GetInt32(message, field);
}

}  // namespace fleetsim
