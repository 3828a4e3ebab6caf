#include "sim/training/context_methods.h"

#include <algorithm>

namespace fleetsim {
namespace {

constexpr double kElementBytes = 2.0;

// Context ranks are consecutive workers: so many of them share a host.
int RanksOnHost(const TrainingSpec& spec, const WorkerHardware& hardware) {
  const int workers = std::max(1, hardware.links.domain_accelerators / spec.strategy.tensor);
  return std::min(workers, spec.strategy.context);
}

// A collective of the context ranks; `bytes` as in CollectiveSpec. Across hosts every rank drives
// its share of the NICs, and what stays on the host goes beside it.
Seconds ContextCollective(const TrainingSpec& spec, const WorkerHardware& hardware,
                          CollectiveKind kind, double bytes) {
  const int ranks = spec.strategy.context;
  const int local = RanksOnHost(spec, hardware);
  const Seconds inside =
      LocalCollectiveTime(kind, local, Bytes(bytes * local / ranks), hardware.links);
  if (local == ranks || hardware.network.value() <= 0.0) {
    return LocalCollectiveTime(kind, ranks, Bytes(bytes), hardware.links);
  }
  // All-to-all: what each rank has for ranks elsewhere. Gathering round a ring: a host's NICs carry
  // everything that the host does not have once, all ranks together.
  const double away = bytes * (ranks - local) / ranks;
  const double sent = kind == CollectiveKind::kAllToAll ? away : away / local;
  return Max(inside, Bytes(sent) / hardware.network);
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
Seconds Exchanges(const TrainingSpec& spec, const WorkerHardware& hardware,
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
  return {.attention = FlashAttentionForward(hardware.device, spec.AttentionPrecision(),
                                             WholeSequence(spec, core)),
          .exposed = Exchanges(spec, hardware, core)};
}

PassKernels UlyssesBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& core) {
  return {.attention = FlashAttentionBackward(hardware.device, spec.AttentionPrecision(),
                                              WholeSequence(spec, core)),
          .exposed = Exchanges(spec, hardware, core)};
}

PassKernels GatheredForward(const TrainingSpec& spec, const WorkerHardware& hardware,
                            const AttentionShape& core) {
  const double all = KeyValueBytes(core) * spec.strategy.context;
  return {.attention = FlashAttentionForward(hardware.device, spec.AttentionPrecision(),
                                             OwnGeneration(spec, core)),
          .exposed = ContextCollective(spec, hardware, CollectiveKind::kAllGather, all)};
}

// Keys and values are gathered again instead of kept, their gradients summed over the ranks.
PassKernels GatheredBackward(const TrainingSpec& spec, const WorkerHardware& hardware,
                             const AttentionShape& core) {
  const double all = KeyValueBytes(core) * spec.strategy.context;
  return {.attention = FlashAttentionBackward(hardware.device, spec.AttentionPrecision(),
                                              OwnGeneration(spec, core)),
          .exposed = ContextCollective(spec, hardware, CollectiveKind::kAllGather, all) +
                     ContextCollective(spec, hardware, CollectiveKind::kReduceScatter, all)};
}

}  // namespace fleetsim
