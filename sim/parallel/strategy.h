// A parallel strategy with every degree decided.
#ifndef SIM_PARALLEL_STRATEGY_H_
#define SIM_PARALLEL_STRATEGY_H_

#include <algorithm>
#include <vector>

#include "sim/hardware/stack.h"
#include "sim/model/parallel_method.h"

namespace fleetsim {

// Of one replica in one step: a hundred times what was ever published; each is simulated.
inline constexpr int kMaxMicroBatches = 100000;

struct Strategy {
  int tensor = 1, pipeline = 1, data = 1, context = 1;
  int virtual_stages = 1;  // model chunks a pipeline rank
  int micro_batch = 1;     // sequences
  int micro_batches = 1;   // of one replica in one step
  bool sequence_parallel = false;
  int zero_stage = 0;
  int optimizer_shards = 1;       // ranks the optimizer states are spread over
  std::vector<int> chunk_layers;  // pipeline x virtual_stages numbers, model order
  // Mixture of experts: ranks that share out the experts, and ranks that each expert is cut over (a
  // divisor of `tensor`). They come out of a stage's tensor x data x context ranks.
  int expert = 1, expert_tensor = 1;
  double expert_load = 1.0;  // tokens of the busiest expert rank over the mean
  // Micro-batches enter from both ends; every rank also holds its mirror's chunk (dual_pipe.h).
  bool dual_pipe = false;
  Schedule schedule = Schedule::kOneForwardOneBackward;
  // ZeRO 2 and 3: gradients of a step are summed whole on every rank and reduced once (FSDP's
  // no_sync), not after every micro-batch.
  bool accumulates_whole = false;
  int prefetched_layers = 1;  // ZeRO 3: gathered ahead of the one that runs
  ContextMethod context_method = ContextMethod::kRing;
  // Shares that are kept in host memory.
  double optimizer_offload = 0, activation_offload = 0;

  // ZeRO 3, and ZeRO 2 on a stack that gathers for every micro-batch.
  bool ShardsWeights(const SoftwareStack& stack) const {
    return zero_stage >= 3 || (zero_stage == 2 && stack.regathers_weights);
  }
  // Shards of gradients or weights have replicas on other ranks.
  bool IsHybrid() const {
    return zero_stage >= 2 && optimizer_shards > 1 && optimizer_shards < data * context;
  }
  // Accelerators that exchange most: a tensor group, or the expert groups it is part of.
  int CloseAccelerators() const { return std::max(tensor, expert * expert_tensor); }
  // Ranks that hold the same part of the same experts.
  int ExpertReplicas() const { return tensor * data * context / (expert * expert_tensor); }
  // Of them, those that what is sharded of the experts is spread over: the ones in a shard group of
  // optimizer_shards x tensor ranks (torchtitan, parallel_dims.py; Megatron-Core,
  // parallel_state.py).
  int ExpertOptimizerShards() const {
    if (optimizer_shards == 1) return 1;
    return std::max(1, optimizer_shards * tensor / (expert * expert_tensor));
  }
  int Accelerators() const { return tensor * pipeline * data * context; }
  // Chunks are dealt to pipeline ranks in turn (interleaved placement, Narayanan et al. 2021,
  // 2.2.2), or there and back (Qi et al. 2023, section 6).
  bool IsV() const { return schedule == Schedule::kZeroBubbleV; }
  int ChunkOf(int stage, int virtual_stage) const {
    return virtual_stage * pipeline + (IsV() && virtual_stage == 1 ? pipeline - 1 - stage : stage);
  }
  int StageOf(int chunk) const {
    return IsV() && chunk >= pipeline ? 2 * pipeline - 1 - chunk : chunk % pipeline;
  }
  // Pipeline rank of the loss head; the embedding is on rank 0.
  int HeadStage() const { return IsV() ? 0 : pipeline - 1; }
  // Input and weight gradients are passes of their own.
  bool SplitsBackward() const { return IsV() || schedule == Schedule::kZeroBubbleH1; }
};

}  // namespace fleetsim

#endif  // SIM_PARALLEL_STRATEGY_H_
