// What every architecture must satisfy, whichever file it comes from.
#ifndef SIM_INPUTS_MODEL_CHECK_H_
#define SIM_INPUTS_MODEL_CHECK_H_

#include <functional>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/model/architecture.h"

namespace fleetsim {

// Place of a field in the input, by the field's name in proto/model.proto ("heads", "moe.experts").
using FieldPlace = std::function<Location(absl::string_view)>;

// Fills what a file may leave out (kv_heads and head_dim that are 0, the experts' shared_ffn) and
// checks the result: ranges, heads divide hidden, kv heads divide heads, experts a token of those
// there are, combinations that nobody can mean.
absl::Status CompleteArchitecture(const FieldPlace& place, Architecture* model);

}  // namespace fleetsim

#endif  // SIM_INPUTS_MODEL_CHECK_H_
