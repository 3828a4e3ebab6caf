// The share of a micro-batch that one rank of a strategy works on.
#ifndef SIM_PARALLEL_SHARD_H_
#define SIM_PARALLEL_SHARD_H_

#include "sim/model/operators.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

inline LayerShard ShardOf(const Strategy& strategy, int sequence_length) {
  return {.sequences = static_cast<double>(strategy.micro_batch),
          .sequence_length = static_cast<double>(sequence_length),
          .tensor = strategy.tensor,
          .context = strategy.context,
          .expert = strategy.expert,
          .expert_tensor = strategy.expert_tensor,
          .expert_load = strategy.expert_load};
}

}  // namespace fleetsim

#endif  // SIM_PARALLEL_SHARD_H_
