// How fast a class of accelerators runs its kernels: the parameters of the kernel cost model.
#ifndef SIM_HARDWARE_KERNEL_CLASS_H_
#define SIM_HARDWARE_KERNEL_CLASS_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

struct KernelClass {
  std::string name;
  std::vector<Evidence> evidence;
  std::string notes;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_KERNEL_CLASS_H_
