// An XML file with the line of every element, for error messages.
#ifndef SIM_PLATFORM_XML_FILE_H_
#define SIM_PLATFORM_XML_FILE_H_

#include <memory>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/base/units.h"

namespace fleetsim {

class XmlFile {
 public:
  static absl::StatusOr<XmlFile> Load(const std::string& path);
  // `path` is what errors call the content.
  static absl::StatusOr<XmlFile> Parse(const std::string& path, std::string content);

  const std::string& path() const { return path_; }
  const std::string& content() const { return content_; }
  const pugi::xml_document& document() const { return *document_; }
  int LineOf(pugi::xml_node node) const;
  int LineAt(std::ptrdiff_t offset) const;

 private:
  std::string path_, content_;
  std::vector<std::ptrdiff_t> line_starts_;
  std::unique_ptr<pugi::xml_document> document_;  // does not move
};

// One element, with checked access to what it says.
class XmlElement {
 public:
  XmlElement(const XmlFile& file, pugi::xml_node node) : file_(&file), node_(node) {}

  pugi::xml_node node() const { return node_; }
  absl::string_view name() const { return node_.name(); }
  int line() const { return file_->LineOf(node_); }
  // `field` with the element's name and id before it: cluster "leaf0" bw.
  Location At(absl::string_view field) const;
  absl::Status Error(absl::string_view field, absl::string_view found,
                     absl::string_view expected) const;

  bool Has(const char* attribute) const { return !node_.attribute(attribute).empty(); }
  // Empty where it is absent.
  std::string Text(const char* attribute) const { return node_.attribute(attribute).value(); }
  absl::StatusOr<std::string> RequiredText(const char* attribute, absl::string_view example) const;
  absl::StatusOr<BytesPerSecond> Bandwidth(const char* attribute) const;
  absl::StatusOr<FlopsPerSecond> Speed(const char* attribute) const;
  absl::StatusOr<Seconds> Time(const char* attribute) const;
  absl::StatusOr<int> Count(const char* attribute) const;

  // A <prop> of this id among the element's children; null where there is none.
  pugi::xml_node Property(const char* id) const;
  bool HasProperty(const char* id) const { return !Property(id).empty(); }
  std::string PropertyText(const char* id) const { return Property(id).attribute("value").value(); }

 private:
  template <class T>
  absl::StatusOr<T> Quantity(const char* attribute, absl::StatusOr<T> (*parse)(absl::string_view),
                             absl::string_view example) const;

  const XmlFile* file_;
  pugi::xml_node node_;
};

// A count written as digits alone; the error has no place.
absl::StatusOr<int> ParseCount(absl::string_view text);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_XML_FILE_H_
