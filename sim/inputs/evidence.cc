#include "sim/inputs/evidence.h"

#include <set>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "proto/catalog.pb.h"
#include "sim/base/check.h"

namespace fleetsim {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

constexpr int kEarliestYear = 1990;
constexpr int kLatestYear = 2100;

bool HoldsNumbers(const FieldDescriptor& field);

bool AnyFieldHoldsNumbers(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (HoldsNumbers(*message.field(i))) return true;
  }
  return false;
}

// Catalog messages do not nest into themselves, so the recursion ends.
bool HoldsNumbers(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
      return false;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return AnyFieldHoldsNumbers(*field.message_type());
    default:
      return true;
  }
}

EvidenceKind KindOf(proto::Evidence::Kind kind) {
  switch (kind) {
    case proto::Evidence::MEASURED:
      return EvidenceKind::kMeasured;
    case proto::Evidence::VENDOR:
      return EvidenceKind::kVendor;
    case proto::Evidence::REPORTED:
      return EvidenceKind::kReported;
    case proto::Evidence::ESTIMATED:
      return EvidenceKind::kEstimated;
    case proto::Evidence::INFERRED:
      return EvidenceKind::kInferred;
    default:
      return EvidenceKind::kAssumed;
  }
}

absl::Status CheckRecord(const proto::Evidence& record, const Location& where) {
  const auto at = [&where](absl::string_view field) {
    return Location{where.file, where.line, absl::StrCat(where.field, ".", field)};
  };
  if (record.field().empty()) {
    return InputError(at("field"), "vouches for nothing", "name the fields it is evidence for");
  }
  const auto kind = record.kind();
  if (kind == proto::Evidence::KIND_UNSPECIFIED || !proto::Evidence::Kind_IsValid(kind)) {
    return InputError(at("kind"), "is missing",
                      "one of MEASURED, VENDOR, REPORTED, ESTIMATED, INFERRED, ASSUMED");
  }
  const bool assumed = kind == proto::Evidence::ASSUMED;
  if ((assumed || kind == proto::Evidence::ESTIMATED) && record.note().empty()) {
    return InputError(at("note"), "is missing", "say how the number was arrived at");
  }
  if (!assumed && record.source().empty()) {
    return InputError(at("source"), "is missing", "name the publication, repository or table");
  }
  const bool year_known = record.year() >= kEarliestYear && record.year() <= kLatestYear;
  if (!year_known && !(assumed && record.year() == 0)) {
    return InputError(at("year"), absl::StrCat("is ", record.year()),
                      absl::StrCat("the year of the source, ", kEarliestYear, " to ", kLatestYear));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Evidence>> ReadEvidence(const Message& entry, const std::string& file,
                                                   const FieldLines& lines) {
  const Descriptor& descriptor = *entry.GetDescriptor();
  const FieldDescriptor* evidence = descriptor.FindFieldByName("evidence");
  FLEETSIM_CHECK(evidence != nullptr && evidence->is_repeated());
  std::vector<Evidence> result;
  std::set<std::string> vouched;
  const int records = entry.GetReflection()->FieldSize(entry, evidence);
  for (int i = 0; i < records; ++i) {
    const std::string path = absl::StrCat("evidence[", i, "]");
    const Location where{file, lines.LineOf(path), path};
    const Message& message = entry.GetReflection()->GetRepeatedMessage(entry, evidence, i);
    const auto& record = static_cast<const proto::Evidence&>(message);
    RETURN_IF_ERROR(CheckRecord(record, where));
    for (const std::string& field : record.field()) {
      if (descriptor.FindFieldByName(field) == nullptr) {
        return InputError({file, where.line, path + ".field"}, absl::StrCat("\"", field, "\""),
                          absl::StrCat("a field of ", descriptor.name()));
      }
      vouched.insert(field);
    }
    result.push_back({{record.field().begin(), record.field().end()},
                      KindOf(record.kind()),
                      record.source(),
                      record.year(),
                      record.note()});
  }
  std::vector<const FieldDescriptor*> set;
  entry.GetReflection()->ListFields(entry, &set);
  for (const FieldDescriptor* field : set) {
    if (field == evidence || !HoldsNumbers(*field) || vouched.count(field->name()) > 0) continue;
    const std::string path = field->is_repeated() ? field->name() + "[0]" : field->name();
    return InputError({file, lines.LineOf(path), field->name()}, "no evidence vouches for it",
                      absl::StrCat("an `evidence { field: \"", field->name(), "\" ... }`"));
  }
  return result;
}

}  // namespace fleetsim
