#include "sim/inputs/json_object.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/base/nearest.h"

namespace fleetsim {

using nlohmann::json;

namespace {

// What a message quotes of a value that may be long.
constexpr size_t kQuoted = 60;

struct KeyLine {
  std::string key;
  int line = 0;
};

// Keys of the outermost object, as written, in order. `content` is valid JSON, so that a string
// that follows an opening brace or a comma at depth 1 is a key.
std::vector<KeyLine> OutermostKeys(const std::string& content) {
  std::vector<KeyLine> keys;
  int depth = 0;
  int line = 1;
  bool key_next = false;
  for (size_t i = 0; i < content.size(); ++i) {
    const char c = content[i];
    if (c == '\n') ++line;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == '{' || c == ',') key_next = depth == 1;
    if (c != '"') continue;
    const size_t start = i + 1;
    for (++i; i < content.size() && content[i] != '"'; ++i) {
      if (content[i] == '\\') ++i;
    }
    if (std::exchange(key_next, false)) keys.push_back({content.substr(start, i - start), line});
  }
  return keys;
}

// Python's json module, which writes config.json, also writes numbers that JSON has not. No field
// that is read may be one: they become null.
std::string WithoutPythonNumbers(std::string content) {
  bool in_string = false;
  for (size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '"') in_string = !in_string;
    if (in_string && content[i] == '\\') ++i;
    if (in_string || i >= content.size()) continue;
    for (const absl::string_view name : {"-Infinity", "Infinity", "NaN"}) {
      if (content.compare(i, name.size(), name.data(), name.size()) == 0) {
        content.replace(i, name.size(), "null");
      }
    }
  }
  return content;
}

absl::Status SyntaxError(const std::string& path, const std::string& content,
                         const json::parse_error& error) {
  const size_t position = std::min(error.byte > 0 ? error.byte - 1 : 0, content.size());
  const auto end = content.begin() + static_cast<std::ptrdiff_t>(position);
  const int line = 1 + static_cast<int>(std::count(content.begin(), end, '\n'));
  // The library's message repeats line and column before ": ".
  const std::string message = error.what();
  const size_t detail = message.find(": ");
  return InputError(Location{path, line},
                    detail == std::string::npos ? message : message.substr(detail + 2),
                    "give valid JSON");
}

std::string Quote(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kQuoted) text = text.substr(0, kQuoted) + "...";
  return text;
}

}  // namespace

JsonObject::JsonObject(std::string path, std::unique_ptr<json> root,
                       std::map<std::string, int> lines)
    : path_(std::move(path)), root_(std::move(root)), lines_(std::move(lines)) {}
JsonObject::~JsonObject() = default;
JsonObject::JsonObject(JsonObject&&) noexcept = default;
JsonObject& JsonObject::operator=(JsonObject&&) noexcept = default;

absl::StatusOr<JsonObject> JsonObject::Parse(const std::string& path, const std::string& content) {
  auto root = std::make_unique<json>();
  try {
    *root = json::parse(WithoutPythonNumbers(content));
  } catch (const json::parse_error& error) {
    return SyntaxError(path, content, error);
  } catch (const json::exception& error) {
    return InputError(Location{path}, error.what(), "give valid JSON");
  }
  if (!root->is_object()) {
    return InputError(Location{path, 1}, absl::StrCat("is ", Quote(*root)), "give a JSON object");
  }
  std::map<std::string, int> lines;
  for (const KeyLine& key : OutermostKeys(content)) {
    if (!lines.emplace(key.key, key.line).second) {
      return InputError(Location{path, key.line, key.key},
                        absl::StrCat("is already written on line ", lines[key.key]),
                        "write each field once");
    }
  }
  return JsonObject(path, std::move(root), std::move(lines));
}

bool JsonObject::Has(const std::string& key) const {
  const auto found = root_->find(key);
  return found != root_->end() && !found->is_null();
}

bool JsonObject::Written(const std::string& key) const { return root_->contains(key); }

Location JsonObject::At(const std::string& key) const {
  const auto found = lines_.find(key);
  return Location{path_, found == lines_.end() ? 0 : found->second, key};
}

absl::Status JsonObject::WrongType(const std::string& key, const json& value,
                                   absl::string_view expected) const {
  return InputError(At(key), absl::StrCat("is the ", value.type_name(), " ", Quote(value)),
                    expected);
}

absl::StatusOr<int> JsonObject::WholeValue(const std::string& key, const json& value,
                                           int low) const {
  constexpr std::int64_t kHigh = std::numeric_limits<int>::max();
  const std::string expected = absl::StrCat("give a whole number of at least ", low);
  if (value.is_string()) return WrongType(key, value, absl::StrCat(expected, ", without quotes"));
  if (!value.is_number_integer()) return WrongType(key, value, expected);
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > kHigh;
  if (too_large || value.get<std::int64_t>() > kHigh || value.get<std::int64_t>() < low) {
    return InputError(At(key), absl::StrCat("is ", Quote(value)),
                      absl::StrCat(expected, " and at most ", kHigh));
  }
  return value.get<int>();
}

absl::Status JsonObject::Missing(const std::string& key) const {
  if (Written(key)) return InputError(At(key), "is null", "this model_type needs it");
  std::vector<std::string> keys;
  for (const auto& [name, line] : lines_) keys.push_back(name);
  const std::vector<std::string> near = NearestNames(key, keys, 1);
  return InputError(
      At(key), "is missing",
      near.empty() ? "this model_type needs it" : absl::StrCat("there is \"", near[0], "\""));
}

absl::StatusOr<int> JsonObject::Whole(const std::string& key, int low) const {
  if (!Has(key)) return Missing(key);
  return WholeValue(key, *root_->find(key), low);
}

absl::StatusOr<std::string> JsonObject::Text(const std::string& key) const {
  if (!Has(key)) return Missing(key);
  const json& value = *root_->find(key);
  if (!value.is_string()) return WrongType(key, value, "give a string");
  return value.get<std::string>();
}

absl::StatusOr<bool> JsonObject::Flag(const std::string& key, bool absent) const {
  if (!Has(key)) return absent;
  const json& value = *root_->find(key);
  if (!value.is_boolean()) return WrongType(key, value, "give true or false");
  return value.get<bool>();
}

absl::StatusOr<std::vector<int>> JsonObject::Wholes(const std::string& key, int low) const {
  std::vector<int> numbers;
  if (!Has(key)) return numbers;
  const json& list = *root_->find(key);
  if (!list.is_array()) return WrongType(key, list, "give a list of whole numbers");
  for (const json& value : list) {
    ASSIGN_OR_RETURN(const int number, WholeValue(key, value, low));
    numbers.push_back(number);
  }
  return numbers;
}

absl::StatusOr<std::vector<std::string>> JsonObject::Texts(const std::string& key) const {
  std::vector<std::string> texts;
  if (!Has(key)) return texts;
  const json& list = *root_->find(key);
  if (!list.is_array()) return WrongType(key, list, "give a list of strings");
  for (const json& value : list) {
    if (!value.is_string()) return WrongType(key, value, "give a list of strings");
    texts.push_back(value.get<std::string>());
  }
  return texts;
}

absl::StatusOr<JsonObject> JsonObject::Inner(const std::string& key) const {
  if (!Has(key)) return Missing(key);
  const json& value = *root_->find(key);
  if (!value.is_object()) return WrongType(key, value, "give a JSON object");
  std::map<std::string, int> lines;
  for (const auto& [name, field] : value.items()) lines[name] = At(key).line;
  return JsonObject(path_, std::make_unique<json>(value), std::move(lines));
}

}  // namespace fleetsim
