// Lengths in tokens from a workload or a file of their own.
#ifndef SIM_INPUTS_LENGTHS_READER_H_
#define SIM_INPUTS_LENGTHS_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/inputs/field_check.h"
#include "sim/model/lengths.h"

namespace fleetsim {

namespace proto {
class Lengths;
}  // namespace proto

// `check` stands at the Lengths message of the file `path`; a sample is looked for beside that
// file, as a path, and in the folder `lengths` beside `models_root`.
absl::StatusOr<LengthDistribution> ReadLengths(const FieldCheck& check, const std::string& path,
                                               const proto::Lengths& entry,
                                               const std::string& models_root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_LENGTHS_READER_H_
