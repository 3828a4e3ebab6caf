#include "sim/report/report_json.h"

#include <google/protobuf/util/json_util.h>

namespace fleetsim {

absl::StatusOr<std::string> ReportJson(const proto::Report& report) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(report, &text, options);
  if (!status.ok()) return absl::InternalError(std::string(status.message()));
  return text;
}

}  // namespace fleetsim
