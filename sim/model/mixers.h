// Parts of a layer that mix tokens otherwise than by attention to everything before: recurrences
// with a state of constant size, compressed keys, and selection of keys. Meaning of the fields as
// in proto/model.proto.
#ifndef SIM_MODEL_MIXERS_H_
#define SIM_MODEL_MIXERS_H_

#include <compare>
#include <vector>

namespace fleetsim {

enum class RecurrenceRule {
  kStateSpace,  // Mamba-2 (Dao & Gu 2024, arXiv 2405.21060)
  kGatedDelta,  // gated delta net (Yang et al. 2024, arXiv 2412.06464)
  kDecay,       // lightning attention (MiniMax-01, arXiv 2501.08313): a constant decay a head
};

// A linear recurrence whose state is a matrix of key_dim x value_dim a head.
struct Recurrence {
  RecurrenceRule rule = RecurrenceRule::kStateSpace;
  int heads = 0, value_dim = 0;    // of values; the output has heads x value_dim
  int key_heads = 0, key_dim = 0;  // queries and keys; heads share those of a group
  int convolution = 0;             // tokens that the causal convolution spans; zero: none
  int chunk = 0;                   // tokens that are computed as matrix products

  double Values() const { return static_cast<double>(heads) * value_dim; }
  double Keys() const { return static_cast<double>(key_heads) * key_dim; }
  double StateElements() const { return static_cast<double>(heads) * key_dim * value_dim; }
  // Elements of a token that pass the convolution: values, keys and queries.
  double Convolved() const { return Values() + 2 * Keys(); }
  // Outputs of the products with the layer's input: those, a gate as wide as the values, and
  // numbers a head (the step of a state-space layer; decay and strength of a delta rule).
  double Inputs() const {
    constexpr double kPerHead[] = {1, 2, 0};
    return Convolved() + Values() + heads * kPerHead[static_cast<int>(rule)];
  }
};

// The lightning indexer of DeepSeek-V3.2: scores every entry before and keeps the best.
struct SparseIndex {
  int top_k = 0;                // entries that a query attends to at most
  int heads = 0, head_dim = 0;  // of the indexer
  int leading_layers = 0;       // these have an indexer, and then every `interval`-th layer;
  int interval = 1;             // the others attend to what the last one chose
};

// DeepSeek-V4: one key that is its own value, entries that stand for several tokens beside a window
// of plain ones, an output projection in groups.
struct CompressedAttention {
  int q_lora_rank = 0;
  int output_groups = 0, output_rank = 0;
  std::vector<int> ratios;  // one a layer and module: tokens of an entry; zero: the window alone
  int selected_ratio = 0;   // layers of this ratio have an indexer, and their entries overlap
};

enum class Mixer { kNone, kAttention, kRecurrence };
enum class Block { kNone, kDense, kExperts };

// Layers of equal kinds cost the same.
struct LayerKind {
  Mixer mixer = Mixer::kAttention;
  Block block = Block::kDense;
  int window = 0;        // tokens that a query looks back at most; zero: all
  int selected = 0;      // entries that it attends to at most; zero: all
  int compression = 0;   // tokens of an entry beside the window; zero: no such entries
  bool indexer = false;  // chooses the entries
  bool operator==(const LayerKind&) const = default;
  auto operator<=>(const LayerKind&) const = default;

  // Parts with a norm and a residual of their own.
  int Blocks() const { return (mixer == Mixer::kNone ? 0 : 1) + (block == Block::kNone ? 0 : 1); }
};

}  // namespace fleetsim

#endif  // SIM_MODEL_MIXERS_H_
