// How fast a class of accelerators runs the kernels of serving engines. Meaning and units as in
// proto/serving_kernels.proto; formulas in docs/kernels.md.
#ifndef SIM_HARDWARE_SERVING_CLASS_H_
#define SIM_HARDWARE_SERVING_CLASS_H_

#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/units.h"

namespace fleetsim {

// Whose kernels an engine runs; kAny of an entry: of all that have none of their own.
enum class KernelLibrary { kAny, kTensorRtLlm, kVllm, kSglang };

// The part of a product's result that one compute unit works on at a time.
struct MatrixTile {
  double rows = 0, columns = 0;
  double efficiency = 1.0;  // relative to the best tile
};

// Matrix products of one format as engines run them, from one row up.
struct ServingProduct {
  KernelLibrary library = KernelLibrary::kAny;
  NumberFormat weights;
  bool weights_only = false;      // arithmetic in 16 bits on weights that are widened on the way
  std::vector<MatrixTile> tiles;  // efficiency: inner loop, of a unit's peak
  double sustained = 1.0;         // all units busy, of the whole peak
  double ramp_depth = 0;          // of a tile, as extra depth k
  double memory = 1.0;            // of memory bandwidth, weights streamed past few rows
  double overlap_loss = 0;
  Seconds start_up, split_latency;
  Seconds vector_start_up;  // matrix-vector kernels of a few rows
  double vector = 0;        // their arithmetic, of the matrix units' peak; 0: there are none
};

// What attention of one head size reaches.
struct HeadPoint {
  double head_dim = 0;  // mean of keys and values
  double ratio = 1.0;
};

// Attention of new tokens over a cache.
struct PrefillKernel {
  KernelLibrary library = KernelLibrary::kAny;
  DataType arithmetic = DataType::kBf16, cache = DataType::kBf16;
  bool latent = false;  // multi-head latent attention, keys and values expanded
  double query_tile = 128, key_tile = 128;
  bool packs_groups = false;  // a tile's rows are the query heads of a group side by side
  Seconds start_up;
  double ramp_tokens = 0;
  double tail_rounds = 0.5;  // of the last round, what idle units cost
  double memory = 1.0;       // of memory bandwidth
  double overlap_loss = 0;
  std::vector<HeadPoint> points;  // inner loop, of peak, by rising head_dim
};

// Attention of one new token a sequence over its cache.
struct DecodeKernel {
  KernelLibrary library = KernelLibrary::kAny;
  DataType cache = DataType::kBf16;
  bool latent = false;            // multi-head latent attention on the compressed cache
  bool grouped = false;           // for heads that share keys alone
  double memory = 1.0;            // of memory bandwidth, all units busy
  std::vector<HeadPoint> points;  // `memory` by rising head_dim; none: the same for all
  double arithmetic = 1.0;        // of the 16-bit peak
  double unit_share = 1.0;        // what one unit draws of the bandwidth, over its even share
  double key_tile = 64;           // keys of a step
  double max_split = 256;         // most parts of a sequence's cache
  double parts_per_unit = 1;      // above one, units take parts as they come free
  double ramp_tokens = 0;         // of a unit's part, as extra keys
  Seconds start_up, split_latency;
  Seconds query_latency;  // of each query head of each sequence, on one unit
};

// Fused layer of experts.
struct ExpertLayerKernel {
  KernelLibrary library = KernelLibrary::kAny;
  NumberFormat weights;
  bool weights_only = false;
  double row_tile = 64;      // rows that an expert's tokens are rounded up to
  double arithmetic = 1.0;   // of peak
  double memory = 1.0;       // of memory bandwidth, weights streamed
  double copy_passes = 1.0;  // times that a token's copy crosses memory, over read and write once
  double overlap_loss = 0;
  Seconds start_up;
  Seconds touched_latency, held_latency;  // of each expert with tokens; of each expert held
  Seconds routed_latency;                 // of each token copy looked at
};

struct ServingKernels {
  std::vector<ServingProduct> products;  // the first stands in for formats that are not listed
  std::vector<PrefillKernel> prefill;
  std::vector<DecodeKernel> decode;
  std::vector<ExpertLayerKernel> experts;
  Seconds scale_start_up, cast_start_up;  // finding a tensor's scale; rounding to it
  Seconds row_cast_element;  // finding a row's scale and rounding to it, of one unit for an element
};

struct KernelClass;

// Of a class that has no entry of its own for serving: its products and attention of training, as
// they are, weights that are widened at the rate of 16 bits.
ServingKernels ServingOf(const KernelClass& kernels);

}  // namespace fleetsim

#endif  // SIM_HARDWARE_SERVING_CLASS_H_
