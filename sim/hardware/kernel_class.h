// How fast a class of accelerators runs its kernels: the parameters of the kernel cost model.
// Meaning and units as in proto/kernel_class.proto; formulas in docs/kernels.md.
#ifndef SIM_HARDWARE_KERNEL_CLASS_H_
#define SIM_HARDWARE_KERNEL_CLASS_H_

#include <string>
#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/serving_class.h"

namespace fleetsim {

// How attention is computed, as proto/stack.proto says. The flash generations are one tiled kernel
// each that never stores the scores.
enum class AttentionKernel { kUnfused, kFusedSoftmax, kFlash1, kFlash2, kFlash3 };

constexpr bool IsFlash(AttentionKernel kernel) { return kernel >= AttentionKernel::kFlash1; }

// Matrix products of one number format.
struct MatrixFormat {
  DataType dtype = DataType::kBf16;
  double unit = 1.0;       // inner loop of the best tile, of a unit's peak
  double sustained = 1.0;  // all units busy, of the whole peak
  double ramp_depth = 0;   // of a tile, as extra depth k
  Scaling scaling = Scaling::kNone;
  double full_accumulation = 1.0;  // rate with partial sums kept in 32 bits, of that without
};

// Flash attention of one generation.
struct FlashAttention {
  struct Point {
    double head_dim = 0;
    double forward = 1.0, backward = 1.0;  // inner loop, of peak
  };
  AttentionKernel generation = AttentionKernel::kFlash2;
  double query_tile = 128, kv_tile = 128;
  Seconds start_up;
  double ramp_tokens = 0;
  std::vector<Point> points;  // by rising head_dim
};

// Matrix libraries of an early generation.
struct LibraryGeneration {
  int until_year = 0;
  double matrix = 1.0;  // arithmetic rate of products, relative to later ones
};

struct KernelClass {
  std::string name;
  std::vector<MatrixTile> tiles;
  std::vector<MatrixFormat> matrix;  // the first stands in for formats that are not listed
  int max_split = 1;
  double min_split_depth = 0;
  Seconds split_latency, start_up;
  double overlap_loss = 0;
  double memory_efficiency = 1.0;
  std::vector<FlashAttention> attention;     // by rising generation
  std::vector<LibraryGeneration> libraries;  // by rising year
  double stream_efficiency = 1.0;
  Seconds stream_start_up;
  double quantise_efficiency = 1.0;  // of memory bandwidth, kernels that cast to narrow formats
  double settled_clock = 1.0;  // at the board's power limit, of the clock the rest was measured at
  ServingKernels serving;
  std::vector<Evidence> evidence;
  std::string notes;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_KERNEL_CLASS_H_
