#include "sim/report/report_csv.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <utility>
#include <vector>

#include "sim/report/table.h"

namespace fleetsim {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void AddColumns(const Descriptor& type, const std::string& prefix, std::vector<Column>& columns) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) continue;
    const std::string path = prefix + field.name();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AddColumns(*field.message_type(), path + ".", columns);
    } else {
      columns.push_back({path, path});
    }
  }
}

Cell ValueOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.has_presence() && !reflection.HasField(message, &field)) return {};
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return static_cast<double>(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, &field)->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    default:
      break;
  }
  return {};
}

// Cells of `type` in the order of AddColumns; all unknown where `message` is null.
void AddCells(const Descriptor& type, const Message* message, std::vector<Cell>& row) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) continue;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const bool set = message != nullptr && message->GetReflection()->HasField(*message, &field);
      AddCells(*field.message_type(),
               set ? &message->GetReflection()->GetMessage(*message, &field) : nullptr, row);
    } else {
      row.push_back(message != nullptr ? ValueOf(*message, field) : Cell());
    }
  }
}

}  // namespace

std::string ReportCsv(const proto::Report& report) {
  const Descriptor& type = *proto::JobResult::descriptor();
  std::vector<Column> columns;
  AddColumns(type, "", columns);
  Table table(std::move(columns));
  for (const proto::JobResult& result : report.results()) {
    std::vector<Cell> row;
    AddCells(type, &result, row);
    table.AddRow(std::move(row));
  }
  return table.Csv();
}

}  // namespace fleetsim
