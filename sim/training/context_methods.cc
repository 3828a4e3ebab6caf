#include "sim/training/context_methods.h"

#include <algorithm>

namespace fleetsim {
namespace {

constexpr double kElementBytes = 2.0;

// A collective of the context ranks; `bytes` as in CollectiveSpec.
Communication ContextCollective(const TrainingSpec& spec, const WorkerHardware& hardware,
                                CollectiveKind kind, double bytes) {
  return TimeOf(spec, hardware, {RankGroup::kContext, kind, Bytes(bytes)});
}

// Attention and collectives that nothing hides.
PassKernels WithExposed(Seconds attention, const Communication& communication) {
  return {
      .attention = attention, .exposed = communication.time, .nic_bytes = communication.nic_bytes};
}

// Bytes of q and of the output, and of k and v together, on one rank.
double QueryBytes(const AttentionShape& core) {
  return core.batch * core.heads * core.query_tokens * (core.head_dim + core.value_dim) *
         kElementBytes;
}
double KeyValueBytes(const AttentionShape& core) {
  return core.batch * core.kv_heads * core.query_tokens * (core.head_dim + core.value_dim) *
         kElementBytes;
}

// Whole sequence, a share of the heads; a key head is copied where there are fewer than ranks.
AttentionShape WholeSequence(const TrainingSpec& spec, const AttentionShape& core) {
  const double ranks = spec.strategy.context;
  AttentionShape whole = core;
  whole.generation = spec.stack->attention;
  whole.heads = core.heads / ranks;
  whole.kv_heads = std::max(1.0, core.kv_heads / ranks);
  whole.query_tokens = core.query_tokens * ranks;
  const int window = spec.model->sliding_window;
  if (window > 0 && window < spec.sequence_length) return whole;
  whole.kv_tokens = whole.query_tokens;
  whole.causal = true;
  return whole;
}

// There and back: q, k and v to the heads' ranks, the output to the sequence's; backward the
// gradients of all four.
Communication Exchanges(const TrainingSpec& spec, const WorkerHardware& hardware,
                        const AttentionShape& core) {
  const double copies = std::max(1.0, spec.strategy.context / core.kv_heads);
  return ContextCollective(spec, hardware, CollectiveKind::kAllToAll, QueryBytes(core)) +
         ContextCollective(spec, hardware, CollectiveKind::kAllToAll, KeyValueBytes(core) * copies);
}

AttentionShape OwnGeneration(const TrainingSpec& spec, AttentionShape core) {
  core.generation = spec.stack->attention;
  return core;
}

}  // namespace

PassKernels UlyssesForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const AttentionShape& core) {
  return WithExposed(
      FlashAttentionForward(hardware.device, spec.AttentionPrecision(), WholeSequence(spec, core)),
      Exchanges(spec, hardware, core));
}

PassKernels UlyssesBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& core) {
  return WithExposed(
      FlashAttentionBackward(hardware.device, spec.AttentionPrecision(), WholeSequence(spec, core)),
      Exchanges(spec, hardware, core));
}

PassKernels GatheredForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& core) {
  const double all = KeyValueBytes(core) * spec.strategy.context;
  return WithExposed(
      FlashAttentionForward(hardware.device, spec.AttentionPrecision(), OwnGeneration(spec, core)),
      ContextCollective(spec, hardware, CollectiveKind::kAllGather, all));
}

// Keys and values are gathered again instead of kept, their gradients summed over the ranks.
PassKernels GatheredBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                             const AttentionShape& core) {
  const double all = KeyValueBytes(core) * spec.strategy.context;
  return WithExposed(
      FlashAttentionBackward(hardware.device, spec.AttentionPrecision(), OwnGeneration(spec, core)),
      ContextCollective(spec, hardware, CollectiveKind::kAllGather, all) +
          ContextCollective(spec, hardware, CollectiveKind::kReduceScatter, all));
}

}  // namespace fleetsim
