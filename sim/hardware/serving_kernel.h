// Time of the kernels of serving engines: products from one row up in every format, attention over
// a cache, layers of experts. Formulas and sources: docs/kernels.md, "Kernels of serving engines".
#ifndef SIM_HARDWARE_SERVING_KERNEL_H_
#define SIM_HARDWARE_SERVING_KERNEL_H_

#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/units.h"
#include "sim/hardware/kernel.h"

namespace fleetsim {

// Time of one launch, first instruction to last, without host time; and what arithmetic alone and
// reading weights or cache alone would take at the rates that the kernel reaches.
struct KernelCost {
  Seconds time, arithmetic, reading;

  KernelCost& operator+=(const KernelCost& other) {
    time += other.time;
    arithmetic += other.arithmetic;
    reading += other.reading;
    return *this;
  }
  friend KernelCost operator*(double count, const KernelCost& cost) {
    return {cost.time * count, cost.arithmetic * count, cost.reading * count};
  }
};

// Formats of a product's operands. Weights narrower than activations of 16 bits are widened on the
// way (weight-only: AWQ, GPTQ, FP8 without FP8 units); else both are multiplied as activations are.
struct ProductFormat {
  NumberFormat weights, activations;

  bool WeightsOnly() const { return IsNarrow(weights.dtype) && !IsNarrow(activations.dtype); }
};

// What the accelerator can do with operands stored so: activations of a format without a peak stay
// in 16 bits, and the product becomes weight-only.
ProductFormat RunnableFormat(const Accelerator& accelerator, const ProductFormat& wanted);

// One product C[m,n] = A[m,k] B[k,n] with B the weights, cold in memory. m from 1. Finding scales
// of A and rounding it are kernels of their own: QuantiseActivations. The format must be runnable.
KernelCost ServingGemm(const Device& device, const ProductFormat& format, const GemmShape& shape);

// Activations of `tokens` rows of `width` elements from 16 bits to `format`; zero for 16 bits. With
// `scales_known` (static quantisation, from calibration) there is no search for the largest value.
// Scales of rows and smaller groups are found while rounding.
Seconds QuantiseActivations(const Device& device, NumberFormat format, double tokens, double width,
                            bool scales_known);

// One new query token (or `query_tokens` with multi-token prediction) for each of `batch`
// sequences.
struct DecodeShape {
  double batch = 1;
  double heads = 0, kv_heads = 0;  // on this accelerator
  double head_dim = 128, value_dim = 128;
  double kv_tokens = 0;  // mean length, new token included
  double window = 0;     // keys that a query may look back at; 0: all
  double query_tokens = 1;
  // Query heads of a group go through its cache each for itself; memory is read once for all.
  bool head_by_head = false;
  DataType cache = DataType::kBf16;
};
KernelCost DecodeAttention(const Device& device, const DecodeShape& shape);

// `query_tokens` new tokens of each of `batch` sequences, causal, after `past_tokens` cached ones.
struct PrefillShape {
  double batch = 1;
  double heads = 0, kv_heads = 0;
  double head_dim = 128, value_dim = 128;
  double query_tokens = 0, past_tokens = 0;
  double window = 0;
  DataType arithmetic = DataType::kBf16, cache = DataType::kBf16;
  bool latent =
      false;  // MLA: head_dim 192 and value_dim 128, keys and values expanded from the cache
};
KernelCost PrefillAttention(const Device& device, const PrefillShape& shape);

// Multi-head latent attention's decode on the compressed cache, queries absorbed: all heads of the
// accelerator share one key of `latent + rope` elements, whose `latent` are the value. The absorbed
// products before and after are ServingGemm with `batch` = heads.
struct LatentDecodeShape {
  double batch = 1, heads = 0;
  double latent = 512, rope = 64;
  double kv_tokens = 0;
  double query_tokens = 1;
  double selected = 0;  // keys a sparse indexer picks (DeepSeek sparse attention); 0: all
  DataType cache = DataType::kBf16;
};
KernelCost LatentDecode(const Device& device, const LatentDecodeShape& shape);

// The same over prompts: each query meets `keys` entries that an indexer chose for it.
struct SparsePrefillShape {
  double queries = 0, heads = 0;
  double latent = 512, rope = 64;
  double keys = 0;
  DataType cache = DataType::kBf16;
};
KernelCost SparsePrefill(const Device& device, const SparsePrefillShape& shape);

// Routed experts of one layer on one rank, both products, activation, and sorting copies of tokens.
// `copies` = tokens x experts a token, of those that arrive at this rank.
struct ExpertShape {
  double copies = 0;  // token copies for the experts of this rank
  double routed =
      0;  // copies that the router here looks at, those for other ranks included; 0: `copies`
  double hidden = 0, inter = 0;  // `inter` of one expert on this rank (after tensor parallelism)
  double experts = 0;            // experts held here
  double touched = 0;            // distinct experts with a token: DistinctExperts()
  bool gated = true;             // two up projections
  // Tokens of each expert that has any, in so many layers; empty: all of them alike.
  std::vector<double> groups;
  int layers = 1;
};
// By the fastest of the class's kernels for the format: those of the engine's library, else the
// common ones.
KernelCost ExpertLayer(const Device& device, const ProductFormat& format, const ExpertShape& shape);

// Expected number of distinct experts, of `experts` held, that get at least one of `copies`
// independent copies.
double DistinctExperts(double experts, double copies);

// Expected copies of the rank that has most, of `ranks` with `mean` copies each: every expert is as
// popular as the next, and each token chooses by itself. The others wait for that rank.
double BusiestRankCopies(double mean, int ranks);

}  // namespace fleetsim

#endif  // SIM_HARDWARE_SERVING_KERNEL_H_
