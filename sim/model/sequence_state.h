// What a layer keeps of a sequence from token to token in inference: keys and values, or a state of
// constant size.
#ifndef SIM_MODEL_SEQUENCE_STATE_H_
#define SIM_MODEL_SEQUENCE_STATE_H_

#include "sim/model/architecture.h"

namespace fleetsim {

// Elements on one tensor-parallel rank. Decoding a token reads the cache that it attends to, and
// reads and writes the whole state.
struct SequenceState {
  double per_token = 0;  // that every token adds: keys and values, compressed ones in the mean
  double windowed = 0;   // of each of the last `window` tokens
  int window = 0;
  double recurrent = 0;    // matrix state of a recurrence, 32-bit in the published configurations
  double convolution = 0;  // inputs that its convolution still needs

  double CachedElements(double tokens) const;  // keys and values of a sequence of so many
};

// Latent attention keeps the latent and the shared rotary key (DeepSeek-V2, arXiv 2405.04434,
// section 2.1.2), an indexer one key of its own for each entry; both are whole on every rank.
SequenceState StateOf(const Architecture& model, int layer, int tensor = 1);

}  // namespace fleetsim

#endif  // SIM_MODEL_SEQUENCE_STATE_H_
