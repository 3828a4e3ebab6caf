// What readers of several kinds of config.json share.
#ifndef SIM_INPUTS_HF_FIELDS_H_
#define SIM_INPUTS_HF_FIELDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/inputs/json_object.h"
#include "sim/model/architecture.h"

namespace fleetsim {

struct WholeField {
  const char* key;
  int* value;
  bool required = true;  // otherwise the value stays where the field is absent or null
  int low = 1;
};
absl::Status ReadWholes(const JsonObject& config, const std::vector<WholeField>& fields);

absl::Status NotModelled(const JsonObject& config, const std::string& key, absl::string_view found,
                         absl::string_view modelled);

// Depth, widths and vocabulary of a decoder with gated feed-forward blocks, root mean square norms
// and rotary positions. kv heads may be left out only in llama, where the library then takes the
// number of heads.
absl::Status ReadDecoder(const JsonObject& config, bool kv_heads_required, Architecture* model);

}  // namespace fleetsim

#endif  // SIM_INPUTS_HF_FIELDS_H_
