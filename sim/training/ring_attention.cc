#include "sim/training/ring_attention.h"

#include <optional>
#include <vector>

namespace fleetsim {
namespace {

constexpr double kElementBytes = 2.0;
// Memory traffic beside the kernels, bytes an element, counted from the class named in the header.
// Forward: a copy of k and v into one buffer; the output set to zero, then for each block read,
// rescaled and added (block in, sum in, sum out).
constexpr double kCopyBytes = 4;
constexpr double kZeroBytes = 2;
constexpr double kAddBytes = 6;

double QueryElements(const AttentionShape& core) {
  return core.batch * core.heads * core.query_tokens * core.head_dim;
}

// Keys and values that a rank holds: as many tokens as it has queries.
double KeyValueElements(const AttentionShape& core) {
  return core.batch * core.kv_heads * core.query_tokens * (core.head_dim + core.value_dim);
}

// What a rank attends to in turn. Its own block is masked; of every other one half of the pairs is,
// and whole slices of them: all queries meet one slice of keys.
std::vector<AttentionShape> Blocks(const TrainingSpec& spec, const AttentionShape& core) {
  const int ranks = spec.strategy.context;
  std::vector<AttentionShape> blocks(ranks, core);
  for (AttentionShape& block : blocks) {
    block.generation = spec.stack->attention;
    block.kv_tokens = core.query_tokens / 2;
    block.causal = false;
  }
  blocks[0].kv_tokens = core.query_tokens;
  blocks[0].causal = true;
  // Without a window a query meets half of the sequence.
  if (core.kv_tokens < spec.sequence_length / 2.0) {
    for (AttentionShape& block : blocks) {
      block.kv_tokens = core.kv_tokens / ranks;
      block.causal = false;
    }
  }
  return blocks;
}

// Exchanges of `bytes` between neighbours of the ring run beside the blocks but the last; each
// beside one block.
void AddExchanges(const TrainingSpec& spec, const WorkerHardware& hardware, Bytes bytes,
                  RingPass& pass) {
  const Communication exchange = TimeOf(spec, hardware, {RankGroup::kContext, std::nullopt, bytes});
  const double exchanges = spec.strategy.context - 1;
  const Seconds block = pass.attention / spec.strategy.context;
  pass.exposed = Max(Seconds(0.0), exchange.time - block) * exchanges;
  pass.hidden = Min(exchange.time, block) * exchanges;
  pass.nic_bytes = exchange.nic_bytes * exchanges;
}

}  // namespace

RingPass RingForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                     const AttentionShape& core) {
  RingPass pass;
  for (const AttentionShape& block : Blocks(spec, core)) {
    pass.attention += FlashAttentionForward(hardware.device, spec.AttentionPrecision(), block);
  }
  const double blocks = spec.strategy.context;
  const double bytes =
      KeyValueElements(core) * kCopyBytes + QueryElements(core) * (kZeroBytes + blocks * kAddBytes);
  pass.memory = StreamTime(hardware.device, Bytes(bytes));
  const Bytes sent(KeyValueElements(core) * kElementBytes);
  AddExchanges(spec, hardware, sent, pass);
  return pass;
}

RingPass RingBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                      const AttentionShape& core) {
  RingPass pass;
  for (const AttentionShape& block : Blocks(spec, core)) {
    pass.attention += FlashAttentionBackward(hardware.device, spec.AttentionPrecision(), block);
  }
  // The gradient of q is copied from the first block and added from the others; those of k and v
  // are put into one buffer in every block and added to the sum that travels along.
  const double blocks = spec.strategy.context;
  const double bytes = QueryElements(core) * (kCopyBytes + (blocks - 1) * kAddBytes) +
                       KeyValueElements(core) * (blocks * kCopyBytes + (blocks - 1) * kAddBytes);
  pass.memory = StreamTime(hardware.device, Bytes(bytes));
  // Keys and values, and the gradients of the block before.
  const Bytes sent(2.0 * KeyValueElements(core) * kElementBytes);
  AddExchanges(spec, hardware, sent, pass);
  return pass;
}

}  // namespace fleetsim
