#include "sim/inputs/entry_checks.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A field's place: `schema` as in Bounds, `path` with indices as FieldLines wants it.
struct Place {
  std::string schema, path;
};

class BoundsCheck {
 public:
  BoundsCheck(const std::vector<Bounds>& bounds, const std::string& file, const FieldLines& lines)
      : bounds_(bounds), file_(file), lines_(lines) {}

  absl::Status Check(const Message& message, const Place& parent) const {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->name() == "evidence") continue;
      const int count =
          field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        Place place{absl::StrCat(parent.schema, field->name()),
                    absl::StrCat(parent.path, field->name())};
        if (field->is_repeated()) absl::StrAppend(&place.path, "[", i, "]");
        RETURN_IF_ERROR(CheckField(message, *field, i, place));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckField(const Message& message, const FieldDescriptor& field, int i,
                          const Place& place) const {
    const auto& values = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return CheckNumber(field.is_repeated() ? values.GetRepeatedDouble(message, &field, i)
                                               : values.GetDouble(message, &field),
                           place);
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckNumber(field.is_repeated() ? values.GetRepeatedInt32(message, &field, i)
                                               : values.GetInt32(message, &field),
                           place);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Check(field.is_repeated() ? values.GetRepeatedMessage(message, &field, i)
                                         : values.GetMessage(message, &field),
                     {place.schema + ".", place.path + "."});
      default:
        return absl::OkStatus();
    }
  }

  absl::Status CheckNumber(double value, const Place& place) const {
    const auto found = std::find_if(bounds_.begin(), bounds_.end(), [&](const Bounds& bounds) {
      return bounds.field == place.schema;
    });
    FLEETSIM_CHECK(found != bounds_.end());
    if (value >= found->low && value <= found->high) return absl::OkStatus();
    return InputError({file_, lines_.LineOf(place.path), place.path}, absl::StrCat("is ", value),
                      absl::StrCat("between ", found->low, " and ", found->high, " ", found->unit));
  }

  const std::vector<Bounds>& bounds_;
  const std::string& file_;
  const FieldLines& lines_;
};

}  // namespace

absl::Status CheckBounds(const Message& entry, const std::vector<Bounds>& bounds,
                         const std::string& file, const FieldLines& lines) {
  return BoundsCheck(bounds, file, lines).Check(entry, {});
}

absl::Status CheckPresent(const Message& entry, const std::vector<absl::string_view>& fields,
                          const std::string& file, const FieldLines& lines) {
  std::vector<const FieldDescriptor*> set;
  entry.GetReflection()->ListFields(entry, &set);
  for (const absl::string_view name : fields) {
    const FieldDescriptor* field = entry.GetDescriptor()->FindFieldByName(std::string(name));
    FLEETSIM_CHECK(field != nullptr);
    if (std::find(set.begin(), set.end(), field) != set.end()) continue;
    const std::string path(name);
    return InputError(
        {file, lines.LineOf(path), path}, "is missing",
        absl::StrCat("every ", absl::string_view(entry.GetDescriptor()->name()), " states it"));
  }
  return absl::OkStatus();
}

}  // namespace fleetsim
