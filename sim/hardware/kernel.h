// The one place a kernel's time comes from, whoever asks: training, serving, planning.
#ifndef SIM_HARDWARE_KERNEL_H_
#define SIM_HARDWARE_KERNEL_H_

#include "sim/base/dtype.h"
#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/kernel_class.h"
#include "sim/hardware/tiled_product.h"

namespace fleetsim {

// An accelerator as installed.
struct Device {
  const Accelerator* accelerator = nullptr;
  const KernelClass* kernels = nullptr;
  double speed_ratio = 1.0;  // installed BF16 peak over the catalog's; other peaks scale with it
  double clock_ratio = 1.0;  // clock under the job's load over that of the kernel tables
  int library_year = 0;      // of the matrix library; 0: the newest
  // Of an engine that serves; kAny: what most run.
  KernelLibrary serving = KernelLibrary::kAny;
};

// Attention core of `batch` sequences. Masked halves are skipped by flash kernels only.
struct AttentionShape {
  double batch = 1;
  double heads = 0, kv_heads = 0;      // on this accelerator
  double head_dim = 0, value_dim = 0;  // of q and k; of v
  double query_tokens = 0, kv_tokens = 0;
  bool causal = true;
  AttentionKernel generation = AttentionKernel::kFlash2;  // one of the flash generations
};

// How a product adds up in formats whose matrix units keep fewer than 32 bits of the sum.
enum class Accumulation { kFast, kFull };

// Time of one kernel on the device, launch to end, without host time. The format must have a peak.
Seconds GemmTime(const Device& device, NumberFormat format, const GemmShape& shape,
                 Accumulation accumulation = Accumulation::kFast);
Seconds FlashAttentionForward(const Device& device, DataType dtype, const AttentionShape& shape);
Seconds FlashAttentionBackward(const Device& device, DataType dtype, const AttentionShape& shape);

// A memory-bound kernel that moves `traffic` in all (reads plus writes).
Seconds StreamTime(const Device& device, Bytes traffic);

// Casts to a narrow format that move `cast`, and before them the search for a tensor's largest
// value that reads `scale` (none: zero).
Seconds QuantiseTime(const Device& device, Bytes cast, Bytes scale);

}  // namespace fleetsim

#endif  // SIM_HARDWARE_KERNEL_H_
