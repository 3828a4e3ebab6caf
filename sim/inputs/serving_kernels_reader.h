// The kernels of serving engines from a kernel class entry.
#ifndef SIM_INPUTS_SERVING_KERNELS_READER_H_
#define SIM_INPUTS_SERVING_KERNELS_READER_H_

#include "sim/base/status.h"
#include "sim/hardware/serving_class.h"
#include "sim/inputs/kernel_fields.h"

namespace fleetsim {

namespace proto {
class ServingKernels;
}

// Errors name file, line and field: a missing list, a ratio, time or size out of range.
absl::StatusOr<ServingKernels> ReadServingKernels(const proto::ServingKernels& entry,
                                                  const KernelFields& fields);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVING_KERNELS_READER_H_
