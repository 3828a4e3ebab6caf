// The share of a micro-batch that one rank of a strategy works on.
#ifndef SIM_PARALLEL_SHARD_H_
#define SIM_PARALLEL_SHARD_H_

#include "sim/model/operators.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

// `attended`: tokens of one piece of a packed sequence; zero: all of it is one piece.
inline LayerShard ShardOf(const Strategy& strategy, int sequence_length, double attended = 0) {
  return {.sequences = static_cast<double>(strategy.micro_batch),
          .sequence_length = static_cast<double>(sequence_length),
          .tensor = strategy.tensor,
          .context = strategy.context,
          .expert = strategy.expert,
          .attended = attended,
          .expert_tensor = strategy.expert_tensor,
          .expert_load = strategy.expert_load};
}

}  // namespace fleetsim

#endif  // SIM_PARALLEL_SHARD_H_
