#include "sim/inputs/entry_fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>

#include "absl/strings/str_join.h"
#include "proto/catalog.pb.h"
#include "proto/kernel_class.pb.h"
#include "proto/model.pb.h"
#include "proto/reliability.pb.h"
#include "proto/serving_engine.pb.h"
#include "proto/stack.pb.h"
#include "sim/base/nearest.h"
#include "sim/inputs/evidence.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::StatusOr<std::unique_ptr<Message>> NewEntry(const std::string& kind) {
  if (kind == "accelerators") return std::make_unique<proto::Accelerator>();
  if (kind == "servers") return std::make_unique<proto::Server>();
  if (kind == "fabrics") return std::make_unique<proto::Fabric>();
  if (kind == "stacks") return std::make_unique<proto::SoftwareStack>();
  if (kind == "engines") return std::make_unique<proto::ServingEngine>();
  if (kind == "regions") return std::make_unique<proto::Region>();
  if (kind == "prices") return std::make_unique<proto::Prices>();
  if (kind == "reliability") return std::make_unique<proto::FailureRecord>();
  if (kind == "kernels") return std::make_unique<proto::KernelClass>();
  if (kind == "models") return std::make_unique<proto::Model>();
  return absl::InvalidArgumentError(absl::StrCat("unknown kind \"", kind, "\""));
}

// Messages of a list are told apart by their leading format or generation, else by their place.
bool IsLabelled(const Message& element) {
  return element.GetDescriptor()->field(0)->cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
}

std::string Label(const Message& element, int index) {
  if (!IsLabelled(element)) return absl::StrCat(index);
  return element.GetReflection()->GetEnum(element, element.GetDescriptor()->field(0))->name();
}

class Flattener {
 public:
  explicit Flattener(std::vector<EntryField>& fields) : fields_(fields) {}

  // `labelled`: the first field is in the prefix already.
  void Flatten(const Message& message, const std::string& prefix, bool labelled = false) {
    const auto& descriptor = *message.GetDescriptor();
    for (int i = labelled ? 1 : 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor* field = descriptor.field(i);
      if (field->name() == "evidence" || !IsSet(message, *field)) continue;
      const std::string name = prefix + field->name();
      if (field->is_repeated()) {
        FlattenList(message, *field, name);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Flatten(message.GetReflection()->GetMessage(message, field), name + ".");
      } else {
        fields_.push_back({name, Value(message, *field), std::nullopt});
      }
    }
  }

 private:
  static bool IsSet(const Message& message, const FieldDescriptor& field) {
    return field.is_repeated() ? message.GetReflection()->FieldSize(message, &field) > 0
                               : message.GetReflection()->HasField(message, &field);
  }

  static std::variant<std::string, double, bool> Value(const Message& message,
                                                       const FieldDescriptor& field) {
    const auto& values = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return values.GetString(message, &field);
      case FieldDescriptor::CPPTYPE_BOOL:
        return values.GetBool(message, &field);
      case FieldDescriptor::CPPTYPE_ENUM:
        return values.GetEnum(message, &field)->name();
      case FieldDescriptor::CPPTYPE_INT32:
        return static_cast<double>(values.GetInt32(message, &field));
      default:
        return values.GetDouble(message, &field);
    }
  }

  void FlattenList(const Message& message, const FieldDescriptor& field, const std::string& name) {
    const auto& values = *message.GetReflection();
    std::vector<std::string> texts;
    for (int i = 0; i < values.FieldSize(message, &field); ++i) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        const Message& element = values.GetRepeatedMessage(message, &field, i);
        Flatten(element, absl::StrCat(name, "[", Label(element, i), "]."), IsLabelled(element));
      } else {
        texts.push_back(values.GetRepeatedString(message, &field, i));
      }
    }
    if (!texts.empty()) fields_.push_back({name, absl::StrJoin(texts, ", "), std::nullopt});
  }

  std::vector<EntryField>& fields_;
};

}  // namespace

absl::StatusOr<std::vector<EntryField>> ReadEntryFields(const std::string& kind,
                                                        const std::string& file) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Message> entry, NewEntry(kind));
  ASSIGN_OR_RETURN(const FieldLines lines, ParseProtoFile(file, entry.get()));
  std::vector<EntryField> fields;
  Flattener(fields).Flatten(*entry, "");
  if (entry->GetDescriptor()->FindFieldByName("evidence") == nullptr) return fields;
  ASSIGN_OR_RETURN(const std::vector<Evidence> evidence, ReadEvidence(*entry, file, lines));
  for (EntryField& field : fields) {
    const std::string top = field.name.substr(0, field.name.find_first_of(".["));
    for (const Evidence& record : evidence) {
      for (const std::string& vouched : record.fields) {
        if (vouched == top && !field.evidence) field.evidence = record;
      }
    }
  }
  return fields;
}

}  // namespace fleetsim
