#include "sim/plan/estimate.h"

#include <algorithm>

#include "sim/collective/collective.h"
#include "sim/engine/group_placement.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/lowering.h"
#include "sim/training/stage_cost.h"

namespace fleetsim {
namespace {

struct StageTime {
  Seconds forward, backward;
};

StageTime TimeOfStage(const TrainingSpec& spec, const WorkerHardware& hardware, int stage) {
  StageTime time;
  for (int i = 0; i < spec.strategy.virtual_stages; ++i) {
    const ChunkCost cost = CostOfChunk(spec, hardware, spec.strategy.ChunkOf(stage, i), 1);
    time.forward += cost.forward.front().duration;
    time.backward += cost.backward.front().duration;
  }
  return time;
}

// The data-parallel group of the first stage, as Placement would lay it out on hosts.
GroupPlacement FirstDataGroup(const TrainingSpec& spec, const Fleet& fleet) {
  Program program;
  Group group{.workers = {}, .lanes = spec.strategy.tensor};
  const int replicas = spec.strategy.data * spec.strategy.context;
  const int room = fleet.leaves.front().accelerators;
  const int per_host = std::max(1, room / spec.strategy.tensor);
  const int hosts = std::max(1, spec.strategy.tensor / room);
  for (int i = 0; i < replicas; ++i) {
    program.workers.push_back(
        {.host = i / per_host * hosts, .accelerators = spec.strategy.tensor, .hosts = hosts});
    group.workers.push_back(i);
  }
  return PlaceGroup(program, fleet, group);
}

Seconds DataParallelTime(const TrainingSpec& spec, const Fleet& fleet, double parameters) {
  if (spec.strategy.data * spec.strategy.context == 1) return Seconds(0.0);
  const GroupPlacement group = FirstDataGroup(spec, fleet);
  const Bytes gradients(parameters * ElementBytes(spec.GradientReductionType()));
  if (spec.strategy.zero_stage == 0) {
    return CollectiveTime(PlanCollective(CollectiveKind::kAllReduce, gradients, group));
  }
  const Bytes weights(parameters * spec.GatheredParameterBytes());
  return CollectiveTime(PlanCollective(CollectiveKind::kReduceScatter, gradients, group)) +
         CollectiveTime(PlanCollective(CollectiveKind::kAllGather, weights, group));
}

}  // namespace

Seconds EstimateStep(const TrainingSpec& spec, const WorkerHardware& hardware, const Fleet& fleet) {
  const Strategy& strategy = spec.strategy;
  // First and last stage bound what embedding and head add; a middle one has the most layers.
  StageTime slowest;
  for (int stage : {0, strategy.pipeline / 2, strategy.pipeline - 1}) {
    const StageTime time = TimeOfStage(spec, hardware, stage);
    if (time.forward + time.backward > slowest.forward + slowest.backward) slowest = time;
  }
  Seconds pass = slowest.forward + slowest.backward;
  if (strategy.pipeline > 1 && !spec.stack->overlaps_pipeline_transfers) {
    const GroupPlacement group = FirstDataGroup(spec, fleet);
    pass += PipelineTransferBytes(spec) / group.nic_share * (2.0 * strategy.virtual_stages);
  }
  const double bubbles = static_cast<double>(strategy.pipeline - 1) / strategy.virtual_stages;
  const HeldParameters parameters = TrainedByStage(*spec.model, spec.trainable, strategy, 0);
  Seconds data = DataParallelTime(spec, fleet, parameters.Total());
  if (spec.stack->overlaps_gradient_reduction) data = Max(Seconds(0.0), data - slowest.backward);
  return pass * (strategy.micro_batches + bubbles) + data +
         OptimizerStep(spec, hardware, parameters).duration;
}

}  // namespace fleetsim
