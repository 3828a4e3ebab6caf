// The operators of one training pass as one tensor-parallel rank runs them: shapes for the kernel
// cost model. Tensor parallelism as in Megatron-LM (Shoeybi et al. 2019, arXiv 1909.08053).
#ifndef SIM_MODEL_OPERATORS_H_
#define SIM_MODEL_OPERATORS_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/kernel.h"
#include "sim/model/architecture.h"

namespace fleetsim {

// How tensor parallelism splits a matrix product of inputs [m,k] and weights [k,n].
enum class Split {
  kColumn,  // over the outputs n: needs the whole input, leaves a slice of the output
  kRow,     // over the inner k: partial sums that the ranks must add up
  kWhole,   // every rank does all of it (router, MLA down-projections)
};

struct GemmOp {
  std::string name;
  GemmShape shape;  // forward, on one rank; m tokens, n outputs, k inputs
  Split split = Split::kWhole;
  bool wide = false;  // 16 bits even where the layers' products are narrower: router
};

// The two products of a matrix product's backward pass.
GemmShape InputGradient(const GemmShape& forward);   // dX[m,k] = dY[m,n] W^T[n,k]
GemmShape WeightGradient(const GemmShape& forward);  // dW[k,n] = X^T[k,m] dY[m,n]

// One micro-batch and the degrees that divide its work. `tensor` divides the heads.
struct LayerShard {
  double sequences = 1;        // of the micro-batch
  double sequence_length = 0;  // tokens
  int tensor = 1, context = 1, expert = 1;
  double attended = 0;    // tokens of one piece of a packed sequence; zero: all of it is one piece
  int expert_tensor = 1;  // ranks each expert is cut over, a divisor of `tensor`
  double expert_load = 1.0;  // tokens of the busiest expert rank over the mean

  double Tokens() const { return sequences * sequence_length / context; }
};

// A product inside the chunks of a recurrence: no weights, always in 16 bits.
struct ChunkProduct {
  GemmShape shape;     // forward, all chunks and heads of the rank in one launch
  bool again = false;  // the backward pass computes it again instead of having kept its result
};

// A recurrence computed in chunks: what lies between the projections of its inputs and its output.
struct RecurrenceOperators {
  std::vector<ChunkProduct> products;
  double state_elements = 0;   // states at the ends of the chunks, all heads of the rank
  double passed_elements = 0;  // read or written by the convolution, the gate and its norm, forward
  double kept_elements = 0;    // until the backward pass: inputs, outputs before and after the gate
};

// Forward pass of one transformer layer on one rank.
struct LayerOperators {
  std::vector<GemmOp> gemms;  // in order of execution
  // The attention core, after the last projection of q, k and v, and the scores of the indexer that
  // chooses its keys; no heads where the layer has none.
  AttentionShape attention, index;
  RecurrenceOperators recurrence;
  int blocks = 2;  // parts with a norm and a residual of their own
  double tokens = 0;
  // Units of the stack's passes: hidden_elements = tokens x hidden; ffn_elements = tokens x width
  // of the feed-forward block on this rank, x 1.5 where it is gated (three operands instead of
  // two).
  double hidden_elements = 0, ffn_elements = 0;
  // Reads and writes beyond the norms and residuals of a plain layer's blocks, in units of
  // hidden_elements: norms after them (sandwich), further residual streams.
  double extra_hidden_passes = 0;
  double extra_gradient_passes = 0;  // the same of the backward pass
  // q and k on this rank, and how often they are read or written for rotation and head norms.
  double query_key_elements = 0, query_key_passes = 0;
  // Activations that one rank sends to experts, its tokens x experts_per_token x width, and those
  // that it then computes on, elements of the busiest rank; zero without experts.
  double dispatched_elements = 0, received_elements = 0;
};
// Layers as in HasExperts(): a further-token module also has its joining projection.
LayerOperators ForwardOperators(const Architecture& model, int layer, const LayerShard& shard);

// Chunked computation of `mixer` over `tokens` on one of `tensor` ranks. State space and decay: Dao
// & Gu 2024, section 6: scores of a chunk for each group of heads, the chunk's state, and the
// output from scores (their causal half) and the state before. Delta rule: Yang et al. 2024 (arXiv
// 2406.06484, section 3; arXiv 2412.06464, section 3.3): products of keys, the inverse of a
// triangle, new keys and values from it, what the state before predicts, then as above.
RecurrenceOperators ChunkedRecurrence(const Recurrence& mixer, double tokens, int tensor);

// The attention core of a stack that stores the scores: two batched products and what lies between.
GemmShape ScoresGemm(const AttentionShape& attention);
GemmShape ValuesGemm(const AttentionShape& attention);
double ScoreElements(const AttentionShape& attention);

// Memory traffic per logit of Megatron-LM's vocabulary-parallel cross-entropy, 16-bit logits in,
// counted from its kernels (core/tensor_parallel/cross_entropy.py). Forward: to FP32 (2+4), maximum
// (4), subtract (4+4), exponential (4+4), sum (4), divide (4+4). Backward: scale (4+4), to 16 bits
// (4+2).
inline constexpr double kCrossEntropyForwardBytes = 38;
inline constexpr double kCrossEntropyBackwardBytes = 14;

// The loss head on one rank.
struct HeadOperators {
  GemmOp product;                           // hidden to the rank's share of the padded vocabulary
  double logits = 0;                        // tokens x that share
  Bytes forward_traffic, backward_traffic;  // of softmax and cross-entropy
};
HeadOperators LossHead(const Architecture& model, const LayerShard& shard);

// Memory traffic of the token lookup, and of adding learned positions, `element_bytes` an element.
Bytes EmbeddingTraffic(const Architecture& model, const LayerShard& shard, double element_bytes);

}  // namespace fleetsim

#endif  // SIM_MODEL_OPERATORS_H_
