// Floating-point work of a model by the conventions that publications use. A multiply-add is 2
// flops; norms, biases, activations and the softmax are not counted. Backward is twice forward.
#ifndef SIM_MODEL_FLOPS_H_
#define SIM_MODEL_FLOPS_H_

#include "sim/base/units.h"
#include "sim/model/architecture.h"
#include "sim/model/recompute.h"
#include "sim/model/trainable.h"

namespace fleetsim {

// Whether attention counts the half that a causal mask cuts off. kFullSquare: Narayanan et al. 2021
// (arXiv 2104.04473), PaLM (arXiv 2204.02311, appendix B). kCausal: work a flash kernel really
// does.
enum class AttentionCount { kFullSquare, kCausal };

// Keys one query meets on average; with a sliding window of w tokens, w - w^2/(2s) (causal). The
// full square counts twice the causal number.
// `window` zero: everything before.
double MeanAttendedKeys(int window, double sequence_length, AttentionCount count);

// Keys and compressed entries that a query of such a layer meets, and entries that its indexer
// scores.
double MeanKeys(const LayerKind& kind, double sequence_length, AttentionCount count);
double IndexedKeys(const LayerKind& kind, double sequence_length, AttentionCount count);

// Forward pass of one token through the whole model, further-token modules included.
struct TokenFlops {
  Flops products;        // matrix products of the layers
  Flops attention_core;  // scores and values, an indexer's scores, chunks of a recurrence
  Flops head;            // hidden to vocabulary (published vocabulary, not padded)
  Flops Total() const { return products + attention_core + head; }
};
TokenFlops ForwardFlopsPerToken(const Architecture& model, double sequence_length,
                                AttentionCount count);

// Forward and backward, nothing done twice: what a model flops utilization counts. For a GPT of
// hidden h, layers l, vocabulary V it is 72 l h^2 (1 + s/(6h) + V/(12 l h)) a token
// (Korthikanti et al. 2022, appendix A; Narayanan et al. 2021, equation 3, has the 96). Where not
// everything is trained, gradients of inputs count down to the lowest trained layer, those of
// weights where they are trained: 4/6 of it for adapters, whose own products count too.
Flops ModelFlopsPerToken(const Architecture& model, double sequence_length, AttentionCount count,
                         const Trainable& trainable = {});

// Model flops plus what `recompute` does again: full repeats the layers' forward pass and not the
// head's, so 96 l h^2 (1 + s/(6h) + V/(16 l h)); selective repeats the attention core. What a flash
// kernel recomputes inside its backward pass is not counted.
Flops HardwareFlopsPerToken(const Architecture& model, double sequence_length, AttentionCount count,
                            Recompute recompute, const Trainable& trainable = {});

// 6 flops a parameter a token takes part in, the input embedding included (Kaplan et al. 2020,
// arXiv 2001.08361, without attention).
Flops SixNFlopsPerToken(const Architecture& model);

// PaLM, arXiv 2204.02311, appendix B: 6 N + 12 L H Q T (layers, heads, head width, sequence
// length).
Flops PalmFlopsPerToken(const Architecture& model, double sequence_length);

}  // namespace fleetsim

#endif  // SIM_MODEL_FLOPS_H_
