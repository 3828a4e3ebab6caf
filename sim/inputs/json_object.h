// A JSON file whose outermost value is an object, with typed fields and their lines.
#ifndef SIM_INPUTS_JSON_OBJECT_H_
#define SIM_INPUTS_JSON_OBJECT_H_

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace fleetsim {

class JsonObject {
 public:
  // Errors: not JSON (with the line), not an object, a field written twice.
  static absl::StatusOr<JsonObject> Parse(const std::string& path, const std::string& content);
  ~JsonObject();
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(JsonObject&&) noexcept;

  // The field is there and not null; is there, null or not.
  bool Has(const std::string& key) const;
  bool Written(const std::string& key) const;
  // Line of a field; 0, the whole file, where it is absent.
  Location At(const std::string& key) const;

  // A required field of the type; all of them reject a value of another type, a number in quotes
  // included. Whole numbers must lie in [low, 2^31).
  absl::StatusOr<int> Whole(const std::string& key, int low) const;
  absl::StatusOr<std::string> Text(const std::string& key) const;
  // `absent` where the field is absent or null.
  absl::StatusOr<bool> Flag(const std::string& key, bool absent) const;
  // Empty where the field is absent or null.
  absl::StatusOr<std::vector<int>> Wholes(const std::string& key, int low) const;
  absl::StatusOr<std::vector<std::string>> Texts(const std::string& key) const;
  // A required object inside; its fields are said to stand where it begins.
  absl::StatusOr<JsonObject> Inner(const std::string& key) const;

 private:
  JsonObject(std::string path, std::unique_ptr<nlohmann::json> root,
             std::map<std::string, int> lines);
  absl::Status WrongType(const std::string& key, const nlohmann::json& value,
                         absl::string_view expected) const;
  absl::StatusOr<int> WholeValue(const std::string& key, const nlohmann::json& value,
                                 int low) const;
  absl::Status Missing(const std::string& key) const;

  std::string path_;
  std::unique_ptr<nlohmann::json> root_;
  std::map<std::string, int> lines_;
};

}  // namespace fleetsim

#endif  // SIM_INPUTS_JSON_OBJECT_H_
