#include "sim/inputs/text_error.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sim/base/nearest.h"

namespace fleetsim {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 100;

// The n-th double-quoted part of a parser message.
std::string Quoted(const std::string& message, std::size_t n) {
  const std::vector<std::string> parts = absl::StrSplit(message, '"');
  return 2 * n + 1 < parts.size() ? parts[2 * n + 1] : "";
}

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names(type.field_count());
  for (int i = 0; i < type.field_count(); ++i) names[i] = type.field(i)->name();
  return names;
}

// Value names of the enumeration field of that name, in the message or below it.
std::vector<std::string> EnumNames(const Descriptor& type, const std::string& field, int depth) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count() && depth < kMaxDepth && names.empty(); ++i) {
    const FieldDescriptor& candidate = *type.field(i);
    if (candidate.message_type() != nullptr && candidate.message_type() != &type) {
      names = EnumNames(*candidate.message_type(), field, depth + 1);
    } else if (candidate.enum_type() != nullptr && candidate.name() == field) {
      // The first value of a proto3 enumeration is "unspecified".
      for (int v = 1; v < candidate.enum_type()->value_count(); ++v) {
        names.push_back(candidate.enum_type()->value(v)->name());
      }
    }
  }
  return names;
}

// The field whose value stands at line and column: the last identifier before a colon.
std::string FieldAt(absl::string_view text, int line, int column) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (line < 1 || line > static_cast<int>(lines.size())) return "";
  absl::string_view before = lines[line - 1].substr(0, std::max(column - 1, 0));
  before = absl::StripTrailingAsciiWhitespace(before);
  if (!absl::ConsumeSuffix(&before, ":")) return "";
  std::size_t begin = before.size();
  while (begin > 0 && (absl::ascii_isalnum(before[begin - 1]) || before[begin - 1] == '_')) --begin;
  return std::string(before.substr(begin));
}

// The parser complains one token late: moves the place back to where `token` begins.
void RewindTo(absl::string_view text, absl::string_view token, Location& where) {
  std::size_t offset = 0;
  for (int line = 1; line < where.line; ++line) {
    offset = text.find('\n', offset) + 1;
  }
  offset = text.rfind(token, offset + where.column - 1);
  if (token.empty() || offset == absl::string_view::npos) return;
  const absl::string_view before = text.substr(0, offset);
  where.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t newline = before.rfind('\n');  // npos + 1 is 0
  where.column = 1 + static_cast<int>(offset - (newline + 1));
}

// What would be right instead of what a value error complains of.
std::string ExpectedValue(const std::string& message) {
  if (absl::StartsWith(message, "Expected double")) return "a number without quotes is needed";
  if (absl::StartsWith(message, "Expected integer")) {
    return "a whole number without quotes, point or exponent is needed";
  }
  if (absl::StartsWith(message, "Expected string")) return "text in double quotes is needed";
  if (absl::StartsWith(message, "Integer out of range")) return "it does not fit into the field";
  return "";
}

}  // namespace

absl::Status ExplainTextError(const std::string& path, absl::string_view text,
                              const Descriptor& type, const TextError& error) {
  Location where{path, error.line, "", error.column};
  if (absl::StrContains(error.message, "has no field named")) {
    const Descriptor* owner = type.file()->pool()->FindMessageTypeByName(Quoted(error.message, 0));
    where.field = Quoted(error.message, 1);
    RewindTo(text, where.field, where);
    return InputError(where, absl::StrCat("unknown field of ", owner ? owner->name() : type.name()),
                      DidYouMean(where.field, FieldNames(owner ? *owner : type)));
  }
  if (absl::StartsWith(error.message, "Unknown enumeration value of")) {
    where.field = Quoted(error.message, 1);
    const std::string value = Quoted(error.message, 0);
    RewindTo(text, value, where);
    return InputError(where, absl::StrCat("unknown value \"", value, "\""),
                      DidYouMean(value, EnumNames(type, where.field, 0)));
  }
  if (absl::StartsWith(error.message, "Non-repeated field")) {
    where.field = Quoted(error.message, 0);
    RewindTo(text, where.field, where);
    return InputError(where, "given more than once", "give it once");
  }
  where.field = FieldAt(text, error.line, error.column);
  return InputError(where, absl::StripSuffix(error.message, "."), ExpectedValue(error.message));
}

}  // namespace fleetsim
