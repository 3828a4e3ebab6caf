// How fast a class of accelerators runs its kernels: the parameters of the kernel cost model.
#ifndef SIM_HARDWARE_KERNEL_CLASS_H_
#define SIM_HARDWARE_KERNEL_CLASS_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

// How attention is computed, as proto/stack.proto says. The flash generations are one tiled kernel
// each that never stores the scores.
enum class AttentionKernel { kUnfused, kFusedSoftmax, kFlash1, kFlash2, kFlash3 };

constexpr bool IsFlash(AttentionKernel kernel) { return kernel >= AttentionKernel::kFlash1; }

struct KernelClass {
  std::string name;
  std::vector<Evidence> evidence;
  std::string notes;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_KERNEL_CLASS_H_
