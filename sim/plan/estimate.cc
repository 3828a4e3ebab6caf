#include "sim/plan/estimate.h"

#include <algorithm>

#include "sim/engine/group_placement.h"
#include "sim/parallel/placement.h"

namespace fleetsim {
namespace {

// As in stage_program.cc: gradients are reduced and parameters gathered bucket by bucket.
constexpr int kBuckets = 8;

int Replicas(const Strategy& strategy) { return strategy.data * strategy.context; }

// Idle time of a rank, by passes of one micro-batch: (p - 1)(F + B) / v (Narayanan et al. 2021,
// section 2.2), less the weight gradients that fill it (Qi et al. 2023, table 1). ZB-V: the way of
// the first micro-batch to the last rank, or of its gradient back, through half of the layers each.
Seconds Bubble(const Strategy& strategy, Seconds forward, Seconds backward, Seconds weights) {
  const double others = strategy.pipeline - 1;
  if (strategy.IsV()) return Max(forward, backward - weights) * (others / 2.0);
  if (strategy.SplitsBackward()) return (forward + backward - weights * 2.0) * others;
  return (forward + backward) * (others / strategy.virtual_stages);
}

// Replicas on a host, as Place() puts the first stage's.
int ReplicasPerHost(const Strategy& strategy, const Fleet& fleet) {
  const int room = fleet.leaves.front().accelerators;
  const int whole_groups = UsedOfHost(strategy, room) / strategy.tensor;
  const bool fits = Replicas(strategy) <= whole_groups * static_cast<int>(fleet.hosts.size());
  return std::max(1, fits ? whole_groups : room / strategy.tensor);
}

}  // namespace

StepEstimator::StepEstimator(const WorkerHardware& hardware, const Fleet& fleet)
    : hardware_(hardware), fleet_(fleet) {}

const GroupPlacement& StepEstimator::GroupOf(const TrainingSpec& spec, GroupKind group) {
  const int tensor = spec.strategy.tensor;
  const GroupShape shape = ShapeOf(spec, group);
  const int per_host = ReplicasPerHost(spec.strategy, fleet_);
  const auto [known, is_new] = groups_.try_emplace(
      {shape.size, shape.stride, shape.lanes, shape.ranks_per_worker, tensor, per_host});
  if (!is_new || shape.size == 0) return known->second;
  // A tensor group larger than a host takes several.
  const int hosts = std::max(1, tensor / fleet_.leaves.front().accelerators);
  Program program;
  Group members{.workers = {}, .lanes = shape.lanes, .ranks_per_worker = shape.ranks_per_worker};
  for (int i = 0; i < shape.size; ++i) {
    program.workers.push_back(
        {.host = i * shape.stride / per_host * hosts, .accelerators = tensor, .hosts = hosts});
    members.workers.push_back(i);
  }
  known->second = PlaceGroup(program, fleet_, members);
  return known->second;
}

Seconds StepEstimator::GroupTime(const TrainingSpec& spec, GroupKind group,
                                 CollectiveSpec collective) {
  const GroupPlacement& place = GroupOf(spec, group);
  if (place.hosts.empty() || collective.bytes.value() <= 0.0) return Seconds(0.0);
  if (!collective.exchange && spec.strategy.ShardsWeights(*spec.stack)) {
    collective.network_share = spec.stack->sharded_network_share;
  }
  return CollectiveTime(collective, place);
}

Seconds StepEstimator::Exchange(const TrainingSpec& spec, const ExpertExchanges& exchanges) {
  Seconds sum;
  for (const CollectiveSpec& part : ExchangeSpecs(spec, hardware_.links, exchanges, 1.0)) {
    sum += GroupTime(spec, GroupKind::kExpert, part);
  }
  return sum;
}

Seconds StepEstimator::Gather(const TrainingSpec& spec, const HeldParameters& bytes, int pieces) {
  const ReplicaSharding sharding{spec, Replicas(spec.strategy)};
  Seconds time = GroupTime(
      spec, GroupKind::kShard,
      {.kind = CollectiveKind::kAllGather, .bytes = Bytes(bytes.shared), .repeats = pieces});
  if (sharding.ShardsExperts(bytes)) {
    time += GroupTime(
        spec, GroupKind::kExpertShard,
        {.kind = CollectiveKind::kAllGather, .bytes = Bytes(bytes.experts), .repeats = pieces});
  }
  return time;
}

// Hybrid sharding's sum across shard groups runs beside the next piece's first step.
Seconds StepEstimator::Reduce(const TrainingSpec& spec, const HeldParameters& parameters,
                              int pieces) {
  const ReplicaSharding sharding{spec, Replicas(spec.strategy)};
  const bool hybrid = spec.strategy.IsHybrid();
  const bool shards_experts = hybrid && sharding.ShardsExperts(parameters);
  const Bytes element(ElementBytes(spec.GradientReductionType()));
  const CollectiveKind kind = hybrid ? CollectiveKind::kReduceScatter : sharding.Reduction();
  Seconds time = GroupTime(spec, hybrid ? GroupKind::kShard : GroupKind::kData,
                           {.kind = kind, .bytes = element * parameters.shared, .repeats = pieces});
  if (!sharding.ReplicatesExperts(parameters)) return time;
  return time + GroupTime(spec, shards_experts ? GroupKind::kExpertShard : GroupKind::kExpertData,
                          {.kind = shards_experts ? kind : sharding.Reduction(),
                           .bytes = element * parameters.experts,
                           .repeats = pieces});
}

StepEstimator::StagePass StepEstimator::PassOfStage(const TrainingSpec& spec, int stage) {
  const Strategy& strategy = spec.strategy;
  LayerCosts& known =
      layers_[LayerKey(strategy.tensor, strategy.context, strategy.micro_batch, strategy.expert,
                       strategy.expert_tensor, spec.sequence_length, strategy.sequence_parallel,
                       strategy.SplitsBackward(), strategy.activation_offload)];
  StagePass pass;
  ExpertExchanges forward, backward;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    const int chunk = strategy.ChunkOf(stage, i);
    const ChunkCost cost = CostOfChunk(spec, hardware_, chunk, 1, &known);
    pass.forward += cost.forward.front().duration;
    pass.backward += cost.backward.front().duration;
    if (strategy.SplitsBackward()) pass.weights += cost.weight_gradients.front().duration;
    pass.trained += cost.trained.front();
    pass.weight_bytes += cost.weight_bytes.front();
    pass.layers += strategy.chunk_layers[chunk];
    forward += cost.forward_exchanges.front();
    backward += cost.backward_exchanges.front();
  }
  pass.backward += pass.weights;
  pass.forward_exchange = Exchange(spec, forward);
  pass.backward_exchange = Exchange(spec, backward);
  return pass;
}

StepEstimator::StagePass StepEstimator::Exposed(const TrainingSpec& spec, StagePass pass) {
  const double overlap = spec.stack->expert_overlap;
  const auto with_exchange = [&](Seconds work, Seconds exchange) {
    return Max(work, exchange * overlap) + exchange * (1.0 - overlap);
  };
  pass.forward = with_exchange(pass.forward, pass.forward_exchange);
  pass.backward = with_exchange(pass.backward, pass.backward_exchange);
  const ReplicaSharding sharding{spec, Replicas(spec.strategy)};
  if (!sharding.Distributed()) return pass;
  const int pieces = std::max(1, pass.layers);
  const Seconds reduced =
      sharding.ReducesEveryMicroBatch() ? Reduce(spec, pass.trained, pieces) : Seconds(0.0);
  if (sharding.ShardsWeights()) {
    const Seconds gathered = Gather(spec, pass.weight_bytes, pieces);
    pass.forward = Max(pass.forward, gathered);
    const bool again = spec.strategy.zero_stage >= 3;
    pass.backward = Max(pass.backward, reduced + (again ? gathered : Seconds(0.0)));
  } else if (sharding.OverlapsReduction()) {
    pass.backward = Max(pass.backward, reduced);
  } else {
    pass.backward += reduced;
  }
  return pass;
}

Seconds StepEstimator::Tail(const TrainingSpec& spec, const StagePass& pass) {
  const ReplicaSharding sharding{spec, Replicas(spec.strategy)};
  Seconds tail = OptimizerStep(spec, hardware_, pass.trained).duration;
  if (!sharding.Distributed()) return tail;
  if (!sharding.ReducesEveryMicroBatch()) {
    const bool overlaps = sharding.OverlapsReduction();
    const Seconds reduced = Reduce(spec, pass.trained, overlaps ? kBuckets : 1);
    tail += overlaps ? Max(Seconds(0.0), reduced - pass.backward) : reduced;
  }
  const HeldParameters updated = pass.trained * spec.GatheredParameterBytes();
  if (sharding.GathersAtEnd()) tail += Gather(spec, updated, 1);
  if (sharding.GathersAhead()) {
    tail += Max(Seconds(0.0), Gather(spec, updated, kBuckets) - pass.forward);
  }
  return tail;
}

// Every rank runs its own chunk and its mirror's; but for about p of the micro-batches a forward
// pass runs together with a backward pass and the exchanges of both. Bubble as in DeepSeek-V3
// (arXiv 2412.19437), table 2.
Seconds StepEstimator::DualPipeStep(const TrainingSpec& given) {
  TrainingSpec spec = given;
  spec.strategy.dual_pipe = false;
  spec.strategy.schedule = Schedule::kZeroBubbleH1;  // for the two parts of a backward pass
  const int pipeline = spec.strategy.pipeline;
  const double micro_batches = spec.strategy.micro_batches;
  Seconds slowest;
  for (int stage : {0, pipeline / 4, pipeline / 2 - 1}) {
    const StagePass own = PassOfStage(spec, stage),
                    mirror = PassOfStage(spec, pipeline - 1 - stage);
    const Seconds work = (own.Total() + mirror.Total()) * 0.5;
    const Seconds exchange = (own.forward_exchange + own.backward_exchange +
                              mirror.forward_exchange + mirror.backward_exchange) *
                             0.5;
    const double slowdown =
        exchange.value() > 0.0
            ? SlowdownBeside(spec, hardware_, ForwardExchanges(spec, spec.model->layers - 1))
            : 1.0;
    const Seconds pair = Max(work * slowdown, exchange);
    const Seconds backward = (own.backward + mirror.backward) * 0.5;
    const Seconds weights = (own.weights + mirror.weights) * 0.5;
    StagePass both = own;
    both.trained += mirror.trained;
    const ReplicaSharding sharding{spec, Replicas(spec.strategy)};
    Seconds tail = OptimizerStep(spec, hardware_, both.trained * 0.5).duration;
    if (sharding.Distributed()) {
      tail += Reduce(spec, both.trained, 1) +
              Gather(spec, both.trained * spec.GatheredParameterBytes(), 1);
    }
    slowest = Max(slowest, pair * (micro_batches - pipeline) + (work + exchange) * pipeline +
                               (pair + backward - weights * 3.0) * (pipeline / 2.0 - 1.0) + tail);
  }
  return slowest;
}

Seconds StepEstimator::Step(const TrainingSpec& spec) {
  const Strategy& strategy = spec.strategy;
  if (strategy.dual_pipe) return DualPipeStep(spec);
  // First and last stage bound what embedding and head add; a middle one has the most layers.
  StagePass slowest;
  int last = -1;
  for (int stage : {0, strategy.pipeline / 2, strategy.pipeline - 1}) {
    if (stage == last) continue;
    last = stage;
    const StagePass pass = Exposed(spec, PassOfStage(spec, stage));
    if (pass.Total() > slowest.Total()) slowest = pass;
  }
  Seconds beside = spec.stack->host_per_micro_batch;
  if (strategy.pipeline > 1 && !spec.stack->overlaps_pipeline_transfers) {
    const double share = static_cast<double>(strategy.tensor) / fleet_.leaves.front().accelerators;
    beside += PipelineTransferBytes(spec) / (fleet_.leaves.front().nic_bandwidth * share) *
              (2.0 * strategy.virtual_stages);
  }
  return (slowest.Total() + beside) * strategy.micro_batches +
         Bubble(strategy, slowest.forward + beside * 0.5, slowest.backward + beside * 0.5,
                slowest.weights) +
         Tail(spec, slowest);
}

Seconds EstimateStep(const TrainingSpec& spec, const WorkerHardware& hardware, const Fleet& fleet) {
  return StepEstimator(hardware, fleet).Step(spec);
}

}  // namespace fleetsim
