// What a step's replicas share out, and when they exchange it.
#ifndef SIM_TRAINING_REPLICA_SHARDING_H_
#define SIM_TRAINING_REPLICA_SHARDING_H_

#include "sim/parallel/schedule.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/spec.h"

namespace fleetsim {

struct ReplicaSharding {
  const TrainingSpec& spec;
  int replicas = 1;  // data x context

  bool Distributed() const { return replicas > 1; }
  // Weights lie spread over the ranks and are gathered piece by piece: ZeRO 3, and ZeRO 2 as FSDP
  // does it, which keeps them from the forward to the backward pass.
  bool ShardsWeights() const { return spec.strategy.ShardsWeights(*spec.stack); }
  bool OverlapsReduction() const {
    return Distributed() && (spec.stack->overlaps_gradient_reduction || ShardsWeights());
  }
  bool ReducesEveryMicroBatch() const {
    return spec.strategy.zero_stage >= 2 && !spec.strategy.accumulates_whole;
  }
  // Gradients are exchanged after the pass.
  bool Reduces(const Pass& pass) const {
    return Distributed() && pass.Releases() &&
           (ReducesEveryMicroBatch() || pass.micro_batch + 1 == spec.strategy.micro_batches);
  }
  // Updated parameters are gathered whole, beside the next step's first passes or at the end.
  bool GathersAhead() const { return Gathers() && spec.stack->overlaps_parameter_gather; }
  bool GathersAtEnd() const { return Gathers() && !spec.stack->overlaps_parameter_gather; }
  // Every rank needs its share of the sum only.
  CollectiveKind Reduction() const {
    return spec.strategy.zero_stage >= 1 && spec.strategy.optimizer_shards == replicas
               ? CollectiveKind::kReduceScatter
               : CollectiveKind::kAllReduce;
  }
  bool ReplicatesExperts(const HeldParameters& parameters) const {
    return parameters.experts > 0.0 && spec.strategy.ExpertReplicas() > 1;
  }
  bool ShardsExperts(const HeldParameters& parameters) const {
    return parameters.experts > 0.0 && spec.strategy.ExpertOptimizerShards() > 1;
  }

 private:
  bool Gathers() const {
    return Distributed() && spec.strategy.zero_stage >= 1 && !ShardsWeights() &&
           spec.strategy.optimizer_shards > 1;
  }
};

}  // namespace fleetsim

#endif  // SIM_TRAINING_REPLICA_SHARDING_H_
