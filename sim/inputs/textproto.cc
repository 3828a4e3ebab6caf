#include "sim/inputs/textproto.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "sim/inputs/text_error.h"
#include "sim/inputs/wire_format.h"

namespace fleetsim {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

struct FieldLines::Tree {
  TextFormat::ParseInfoTree lines;
  const Descriptor* type = nullptr;
};

namespace {

constexpr int kMaxDepth = 100;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Keeps the first error: what follows it is its consequence.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!error_) error_ = TextError{line + 1, column + 1, message};
  }
  void AddWarning(int, int, const std::string&) override {}
  const std::optional<TextError>& error() const { return error_; }

 private:
  std::optional<TextError> error_;
};

// Protobuf prints what it finds wrong; the one message a user gets is ours.
absl::Status ParseText(const std::string& path, const std::string& text,
                       TextFormat::ParseInfoTree* lines, Message* message) {
  FirstError collector;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(lines);
  parser.SetRecursionLimit(kMaxDepth);
  if (parser.ParseFromString(text, message) && !collector.error()) return absl::OkStatus();
  if (collector.error()) {
    return ExplainTextError(path, text, *message->GetDescriptor(), *collector.error());
  }
  return InputError(Location{path}, "cannot be parsed", "");
}

absl::Status ParseBinary(const std::string& path, const std::string& bytes, Message* message) {
  RETURN_IF_ERROR(CheckWireFormat(path, bytes, *message->GetDescriptor()));
  google::protobuf::LogSilencer silencer;
  if (message->ParseFromString(bytes)) return absl::OkStatus();
  return InputError(Location{path}, "cannot be parsed as binary protobuf",
                    "text fields must be valid UTF-8");
}

// The file is binary where it has a control character that is not white space: every message of
// ours has such a tag or length in its first fields, and no text file has one.
bool IsBinary(absl::string_view content) {
  return std::any_of(content.begin(), content.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) &&
           !absl::ascii_isspace(static_cast<unsigned char>(c));
  });
}

class ValueCheck {
 public:
  ValueCheck(const std::string& path, const FieldLines& lines) : path_(path), lines_(lines) {}

  absl::Status Check(const Message& message, const std::string& prefix) const {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      const int count =
          field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        std::string name = absl::StrCat(prefix, absl::string_view(field->name()));
        if (field->is_repeated()) absl::StrAppend(&name, "[", i, "]");
        RETURN_IF_ERROR(CheckValue(message, *field, i, name));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckValue(const Message& message, const FieldDescriptor& field, int i,
                          const std::string& name) const {
    const Reflection& values = *message.GetReflection();
    const bool many = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Finite(
            many ? values.GetRepeatedDouble(message, &field, i) : values.GetDouble(message, &field),
            name);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Finite(
            many ? values.GetRepeatedFloat(message, &field, i) : values.GetFloat(message, &field),
            name);
      case FieldDescriptor::CPPTYPE_ENUM:
        return Known(*field.enum_type(),
                     many ? values.GetRepeatedEnumValue(message, &field, i)
                          : values.GetEnumValue(message, &field),
                     name);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Check(many ? values.GetRepeatedMessage(message, &field, i)
                          : values.GetMessage(message, &field),
                     name + ".");
      default:
        return absl::OkStatus();
    }
  }

  absl::Status Finite(double value, const std::string& name) const {
    if (std::isfinite(value)) return absl::OkStatus();
    return InputError(Location{path_, lines_.LineOf(name), name}, absl::StrCat("is ", value),
                      "a finite number is needed");
  }

  absl::Status Known(const google::protobuf::EnumDescriptor& type, int value,
                     const std::string& name) const {
    if (type.FindValueByNumber(value) != nullptr) return absl::OkStatus();
    return InputError(Location{path_, lines_.LineOf(name), name},
                      absl::StrCat("unknown value ", value, " of ", type.name()), "");
  }

  const std::string& path_;
  const FieldLines& lines_;
};

}  // namespace

FieldLines::FieldLines() = default;
FieldLines::~FieldLines() = default;
FieldLines::FieldLines(FieldLines&&) noexcept = default;
FieldLines& FieldLines::operator=(FieldLines&&) noexcept = default;

int FieldLines::LineOf(absl::string_view path) const {
  if (tree_ == nullptr || path.empty()) return 0;
  const TextFormat::ParseInfoTree* tree = &tree_->lines;
  const Descriptor* type = tree_->type;
  int line = 0;
  for (absl::string_view part : absl::StrSplit(path, '.')) {
    const std::vector<absl::string_view> name = absl::StrSplit(part, absl::ByAnyChar("[]"));
    const FieldDescriptor* field =
        type == nullptr ? nullptr : type->FindFieldByName(std::string(name[0]));
    if (field == nullptr || tree == nullptr) return line;
    int index = -1;
    // A repeated field without index stands for its first element.
    if (field->is_repeated() && (name.size() < 2 || !absl::SimpleAtoi(name[1], &index))) index = 0;
    const int found = tree->GetLocation(field, index).line;
    if (found < 0) return line;
    line = found + 1;
    type = field->message_type();
    tree = type == nullptr ? nullptr : tree->GetTreeForNested(field, index);
  }
  return line;
}

absl::StatusOr<FieldLines> ParseProtoFile(const std::string& path, Message* message) {
  ASSIGN_OR_RETURN(std::string content, ReadFile(path));
  if (absl::StartsWith(content, kByteOrderMark)) content.erase(0, kByteOrderMark.size());
  if (absl::StripAsciiWhitespace(content).empty()) {
    return InputError(Location{path}, "is empty",
                      absl::StrCat("give a ", message->GetDescriptor()->name(), " message"));
  }
  FieldLines lines;
  message->Clear();
  if (IsBinary(content)) {
    RETURN_IF_ERROR(ParseBinary(path, content, message));
  } else {
    lines.tree_ = std::make_unique<FieldLines::Tree>();
    lines.tree_->type = message->GetDescriptor();
    RETURN_IF_ERROR(ParseText(path, content, &lines.tree_->lines, message));
  }
  RETURN_IF_ERROR(ValueCheck(path, lines).Check(*message, ""));
  return lines;
}

}  // namespace fleetsim
