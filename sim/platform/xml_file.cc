#include "sim/platform/xml_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "sim/inputs/file.h"
#include "sim/platform/quantity.h"

namespace fleetsim {

namespace {

// Platforms need about ten levels; readers descend by recursion.
constexpr int kMaxDepth = 64;

// Finds the first element below that depth, without recursion of its own.
class DepthWalker : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node& node) override {
    if (depth() >= kMaxDepth) too_deep = node;
    return !too_deep;
  }
  pugi::xml_node too_deep;
};

}  // namespace

absl::StatusOr<XmlFile> XmlFile::Load(const std::string& path) {
  ASSIGN_OR_RETURN(std::string content, ReadFile(path));
  return Parse(path, std::move(content));
}

absl::StatusOr<XmlFile> XmlFile::Parse(const std::string& path, std::string content) {
  XmlFile file;
  file.path_ = path;
  file.content_ = std::move(content);
  file.line_starts_.push_back(0);
  for (std::size_t i = 0; i < file.content_.size(); ++i) {
    if (file.content_[i] == '\n') file.line_starts_.push_back(static_cast<std::ptrdiff_t>(i) + 1);
  }
  file.document_ = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result result =
      file.document_->load_buffer(file.content_.data(), file.content_.size(),
                                  pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  if (!result) {
    return InputError({path, file.LineAt(result.offset)},
                      absl::StrCat("is not XML: ", result.description()), "a SimGrid platform");
  }
  DepthWalker walker;
  file.document_->traverse(walker);
  if (walker.too_deep) {
    return InputError({path, file.LineOf(walker.too_deep)}, "elements are nested too deeply",
                      absl::StrCat(kMaxDepth, " levels at most"));
  }
  return file;
}

int XmlFile::LineAt(std::ptrdiff_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<int>(after - line_starts_.begin());
}

int XmlFile::LineOf(pugi::xml_node node) const { return LineAt(node.offset_debug()); }

Location XmlElement::At(absl::string_view field) const {
  const std::string id = Text("id");
  std::string path = absl::StrCat("<", name(), id.empty() ? "" : absl::StrCat(" ", id), ">");
  if (!field.empty()) absl::StrAppend(&path, " ", field);
  return {file_->path(), line(), path};
}

absl::Status XmlElement::Error(absl::string_view field, absl::string_view found,
                               absl::string_view expected) const {
  return InputError(At(field), found, expected);
}

absl::StatusOr<std::string> XmlElement::RequiredText(const char* attribute,
                                                     absl::string_view example) const {
  if (Text(attribute).empty()) {
    return Error(attribute, "is missing", absl::StrCat("for example ", attribute, "=", example));
  }
  return Text(attribute);
}

template <class T>
absl::StatusOr<T> XmlElement::Quantity(const char* attribute,
                                       absl::StatusOr<T> (*parse)(absl::string_view),
                                       absl::string_view example) const {
  ASSIGN_OR_RETURN(const std::string text, RequiredText(attribute, example));
  absl::StatusOr<T> value = parse(text);
  if (!value.ok()) return Error(attribute, value.status().message(), "");
  return value;
}

absl::StatusOr<BytesPerSecond> XmlElement::Bandwidth(const char* attribute) const {
  return Quantity<BytesPerSecond>(attribute, &ParseBandwidth, "\"400GBps\"");
}

absl::StatusOr<FlopsPerSecond> XmlElement::Speed(const char* attribute) const {
  return Quantity<FlopsPerSecond>(attribute, &ParseSpeed, "\"148Tf\"");
}

absl::StatusOr<Seconds> XmlElement::Time(const char* attribute) const {
  return Quantity<Seconds>(attribute, &ParseTime, "\"0.7us\"");
}

absl::StatusOr<int> XmlElement::Count(const char* attribute) const {
  return Quantity<int>(attribute, &ParseCount, "\"8\"");
}

pugi::xml_node XmlElement::Property(const char* id) const {
  return node_.find_child_by_attribute("prop", "id", id);
}

absl::StatusOr<int> ParseCount(absl::string_view text) {
  int value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < 1) {
    return absl::InvalidArgumentError(absl::StrCat("is \"", text, "\"; a whole number from 1 on"));
  }
  return value;
}

}  // namespace fleetsim
