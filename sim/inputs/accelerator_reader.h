// Accelerator entries of the catalog: from the parsed message to the checked struct.
#ifndef SIM_INPUTS_ACCELERATOR_READER_H_
#define SIM_INPUTS_ACCELERATOR_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/accelerator.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

namespace proto {
class Accelerator;
}

// Errors name `file`, the line and the field: something missing, a number out of range or without
// evidence, fields that contradict each other. References to other entries are not looked up here.
absl::StatusOr<Accelerator> ReadAccelerator(const proto::Accelerator& entry,
                                            const std::string& file, const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_ACCELERATOR_READER_H_
