#include "sim/inputs/wire_format.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/wire_format.h>

#include <cstdint>
#include <optional>

namespace fleetsim {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormat;
using google::protobuf::internal::WireFormatLite;

constexpr int kMaxDepth = 100;  // as protobuf's own parser
constexpr int kVarintBits = 64;

// A message's bytes and where they stand in the file.
struct Span {
  absl::string_view bytes;
  std::size_t offset = 0;  // of bytes[0] in the file

  void Skip(std::size_t count) {
    bytes.remove_prefix(count);
    offset += count;
  }
};

std::optional<std::uint64_t> TakeVarint(Span& span) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < kVarintBits && !span.bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(span.bytes[0]);
    span.Skip(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

class Checker {
 public:
  explicit Checker(const std::string& path) : path_(path) {}

  absl::Status CheckMessage(Span span, const Descriptor& type, const std::string& field,
                            int depth) {
    if (depth > kMaxDepth) return Damaged(span, field, "messages are nested too deeply");
    while (!span.bytes.empty()) RETURN_IF_ERROR(CheckField(span, type, field, depth));
    return absl::OkStatus();
  }

 private:
  absl::Status Damaged(const Span& at, const std::string& field, absl::string_view what) const {
    return InputError(Location{path_, 0, field}, absl::StrCat("at byte ", at.offset, ": ", what),
                      "the file is truncated, damaged, or holds another kind of message");
  }

  absl::Status CheckField(Span& span, const Descriptor& type, const std::string& parent,
                          int depth) {
    const Span start = span;
    const std::optional<std::uint64_t> tag = TakeVarint(span);
    if (!tag || *tag > UINT32_MAX) return Damaged(start, parent, "no valid field tag");
    const int number = static_cast<int>(*tag >> 3);
    const int wire_type = static_cast<int>(*tag & 7);
    const FieldDescriptor* field = type.FindFieldByNumber(number);
    if (field == nullptr) {
      return Damaged(start, parent,
                     absl::StrCat("unknown field number ", number, " of ", type.name()));
    }
    const std::string name =
        absl::StrCat(parent, parent.empty() ? "" : ".", absl::string_view(field->name()));
    const bool packed =
        field->is_packable() && wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (!packed && wire_type != WireFormat::WireTypeForFieldType(field->type())) {
      return Damaged(start, name, absl::StrCat("wrong encoding (wire type ", wire_type, ")"));
    }
    return CheckValue(span, *field, wire_type, name, depth);
  }

  absl::Status CheckValue(Span& span, const FieldDescriptor& field, int wire_type,
                          const std::string& name, int depth) {
    const Span start = span;
    std::uint64_t length = 0;
    switch (wire_type) {
      case WireFormatLite::WIRETYPE_VARINT:
        if (!TakeVarint(span)) return Damaged(start, name, "the number has no end");
        return absl::OkStatus();
      case WireFormatLite::WIRETYPE_FIXED64:
        length = 8;
        break;
      case WireFormatLite::WIRETYPE_FIXED32:
        length = 4;
        break;
      default:
        if (const auto prefix = TakeVarint(span)) {
          length = *prefix;
        } else {
          return Damaged(start, name, "the length prefix has no end");
        }
    }
    if (length > span.bytes.size()) {
      return Damaged(start, name,
                     absl::StrCat("says that it is ", length, " bytes long where ",
                                  span.bytes.size(), " are left"));
    }
    const Span value{span.bytes.substr(0, length), span.offset};
    span.Skip(length);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return absl::OkStatus();
    return CheckMessage(value, *field.message_type(), name, depth + 1);
  }

  const std::string& path_;
};

}  // namespace

absl::Status CheckWireFormat(const std::string& path, absl::string_view bytes,
                             const Descriptor& type) {
  return Checker(path).CheckMessage(Span{bytes, 0}, type, "", 0);
}

}  // namespace fleetsim
