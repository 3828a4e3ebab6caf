// A kernel class from its catalog entry.
#ifndef SIM_INPUTS_KERNEL_CLASS_READER_H_
#define SIM_INPUTS_KERNEL_CLASS_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/kernel_class.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

namespace proto {
class KernelClass;
}

// The checked struct of a parsed entry. Errors name `file`, the line and the field: a missing list,
// a ratio, time or size out of range, sizes or generations out of order, a number without evidence.
absl::StatusOr<KernelClass> ReadKernelClass(const proto::KernelClass& entry,
                                            const std::string& file, const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_KERNEL_CLASS_READER_H_
