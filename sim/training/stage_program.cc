#include "sim/training/stage_program.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "sim/parallel/schedule.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/parallel/tensor_owners.h"
#include "sim/training/chunk_works.h"
#include "sim/training/collective_specs.h"
#include "sim/training/dual_pipe_program.h"
#include "sim/training/replica_sharding.h"
#include "sim/training/stage_cost.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

// Streams of a worker.
constexpr std::uint8_t kComputeStream = 0;
constexpr std::uint8_t kForwardSendStream = 1;
constexpr std::uint8_t kBackwardSendStream = 2;
constexpr std::uint8_t kDataStream = 3;    // data-parallel collectives, one communicator
constexpr std::uint8_t kGatherStream = 4;  // parameter gathers that run ahead of the forward pass
constexpr std::uint8_t kExpertStream = 6;  // exchanges of tokens that run beside computation

// Peers of a worker, see AddWorkers.
constexpr std::int16_t kPrevious = 0;
constexpr std::int16_t kNext = 1;

// Frameworks reduce gradients bucket by bucket; more buckets than this change nothing visible.
constexpr int kBuckets = 8;

class StageProgram {
 public:
  StageProgram(const TrainingSpec& spec, const WorkerHardware& hardware, int stage, int replicas,
               const NetworkTimes* folded, Program& program)
      : spec_(spec),
        hardware_(hardware),
        stage_(stage),
        sharding_{spec, replicas},
        folded_(folded),
        program_(program) {
    for (int i = 0; i < spec.strategy.virtual_stages; ++i) chunks_.push_back(Cost(i));
  }

  OpList Build() {
    GatherAhead();
    const Strategy& strategy = spec_.strategy;
    for (const Pass& pass : PipelineOrder(strategy, stage_)) {
      if (!pass.backward) {
        Forward(pass);
      } else if (pass.gradients == Gradients::kWeight) {
        WeightGradients(pass);
      } else {
        Backward(pass);
      }
    }
    Finish();
    return std::move(list_);
  }

 private:
  int LastChunk() const { return static_cast<int>(spec_.strategy.chunk_layers.size()) - 1; }

  // Where the chunk lies that sends to or gets from one of this rank's: on the rank itself, for a
  // V.
  bool IsHere(int chunk) const { return spec_.strategy.StageOf(chunk) == stage_; }
  // `usual` unless the chunk lies on the other neighbour only.
  std::int16_t PeerWith(int chunk, std::int16_t usual) const {
    const int stages = spec_.strategy.pipeline;
    const int neighbour = (stage_ + (usual == kNext ? 1 : stages - 1)) % stages;
    return spec_.strategy.StageOf(chunk) == neighbour ? usual : kNext + kPrevious - usual;
  }

  int AddWork(Work work) { return IndexOfWork(std::move(work), program_); }

  ChunkWorks Cost(int virtual_stage) {
    const int pieces = sharding_.ShardsWeights() ? spec_.model->layers : kBuckets;
    ChunkWorks works = WorksOfChunk(spec_, hardware_, spec_.strategy.ChunkOf(stage_, virtual_stage),
                                    pieces, program_);
    issued_.merge(works.issued);
    return works;
  }

  int Push(Op op) {
    list_.ops.push_back(op);
    return static_cast<int>(list_.ops.size()) - 1;
  }

  int Compute(int work, int after = -1) {
    return Push(
        {.kind = OpKind::kCompute, .stream = kComputeStream, .work = work, .after = {after, -1}});
  }

  // A piece of work and its exchanges with other expert ranks: the share that the stack overlaps
  // runs beside it, the rest after both, or while a host behind the device issues what is left.
  int Compute(int work, const ExpertExchanges& exchanges, int after = -1) {
    const double overlap = spec_.stack->expert_overlap;
    int beside = -1;
    for (const CollectiveSpec& spec : ExchangeSpecs(spec_, hardware_.links, exchanges, overlap)) {
      beside = Collective(GroupKind::kExpert, spec, kExpertStream, exchanged_);
    }
    const auto issued = issued_.find(work);
    const bool behind = issued != issued_.end();
    int last = Compute(behind ? issued->second.kernels : work, after);
    if (behind) Compute(issued->second.host);
    for (const CollectiveSpec& spec :
         ExchangeSpecs(spec_, hardware_.links, exchanges, 1.0 - overlap)) {
      last = Collective(GroupKind::kExpert, spec, behind ? kExpertStream : kComputeStream,
                        behind ? last : beside);
      exchanged_ = last;
    }
    return behind ? Compute(issued->second.through, last) : last;
  }

  void Receive(int from_chunk, std::int16_t usual, int channel) {
    if (IsHere(from_chunk)) return;
    Push({.kind = OpKind::kRecv,
          .stream = kComputeStream,
          .peer = PeerWith(from_chunk, usual),
          .channel = channel});
  }

  void Send(int to_chunk, std::int16_t usual, int channel, int after) {
    if (IsHere(to_chunk)) return;
    const std::int16_t peer = PeerWith(to_chunk, usual);
    const std::uint8_t stream = peer == kNext ? kForwardSendStream : kBackwardSendStream;
    const Bytes bytes = PipelineTransferBytes(spec_);
    Op op{.kind = OpKind::kSend,
          .stream = stream,
          .peer = peer,
          .channel = channel,
          .bytes = bytes.value()};
    if (spec_.stack->overlaps_pipeline_transfers) {
      op.after = {after, -1};
    } else {
      op.stream = kComputeStream;
    }
    if (folded_) op.work = TransferWork(peer, bytes);
    Push(op);
  }

  int TransferWork(std::int16_t peer, Bytes bytes) {
    int& work = transfer_work_[peer];
    if (work < 0) {
      const int stages = spec_.strategy.pipeline;
      const int to = (stage_ + (peer == kNext ? 1 : stages - 1)) % stages;
      Work transfer;
      Add(transfer, Part::kPipelineExposed, Activity::kNetwork,
          folded_->transfer(stage_, to, bytes));
      work = AddWork(transfer);
    }
    return work;
  }

  int Collective(GroupKind group, CollectiveKind kind, double bytes, std::uint8_t stream, int after,
                 int repeats = 1) {
    return Collective(group, {.kind = kind, .bytes = Bytes(bytes), .repeats = repeats}, stream,
                      after);
  }

  int Collective(GroupKind group, CollectiveSpec collective, std::uint8_t stream, int after) {
    if (collective.kind == CollectiveKind::kAllGather && stream == kDataStream &&
        sharding_.ShardsWeights()) {
      collective.network_share = spec_.stack->sharded_network_share;
    }
    // First and last stage sum a tied matrix together: one duration for both.
    const int stage = group == GroupKind::kTied ? 0 : stage_;
    if (folded_) folded_->collective(group, stage, collective);
    return Push({.kind = OpKind::kCollective,
                 .stream = stream,
                 .group = static_cast<std::int16_t>(group),
                 .collective = IndexOfSpec(collective, program_),
                 .after = {after, -1}});
  }

  // Sums gradients over the replicas. The experts' have replicas of their own. Both on one stream:
  // the last ends last.
  int Reduce(const HeldParameters& parameters, std::uint8_t stream, int after) {
    const double element = ElementBytes(spec_.GradientReductionType());
    const bool hybrid = spec_.strategy.IsHybrid();
    const CollectiveKind kind = sharding_.Reduction();
    const double shared = parameters.shared * element;
    const int reduced = hybrid ? ReduceInTwoSteps(GroupKind::kShard, shared,
                                                  spec_.strategy.optimizer_shards, stream, after)
                               : Collective(GroupKind::kData, kind, shared, stream, after);
    if (!sharding_.ReplicatesExperts(parameters)) return reduced;
    const double experts = parameters.experts * element;
    const int shards = spec_.strategy.ExpertOptimizerShards();
    return hybrid && shards > 1
               ? ReduceInTwoSteps(GroupKind::kExpertShard, experts, shards, stream, after)
               : Collective(GroupKind::kExpertData, kind, experts, stream, after);
  }

  // Hybrid sharding: each shard group for itself, then equal shards of all groups (Zhao et al.
  // 2023, section 3.2.2), beside the next piece's first step.
  int ReduceInTwoSteps(GroupKind group, double bytes, int shards, std::uint8_t stream, int after) {
    const int scattered = Collective(group, CollectiveKind::kReduceScatter, bytes, stream, after);
    return Collective(GroupKind::kAcross, CollectiveKind::kAllReduce, bytes / shards,
                      stream == kDataStream ? kGatherStream : stream, scattered);
  }

  // All ranks get the whole of weights of which each holds a share; `bytes` of all of them.
  int GatherWeights(const HeldParameters& bytes, std::uint8_t stream, int after) {
    const int gathered = GatherShared(bytes.shared, stream, after);
    if (!sharding_.ShardsExperts(bytes)) return gathered;
    return Collective(GroupKind::kExpertShard, CollectiveKind::kAllGather, bytes.experts, stream,
                      after);
  }

  int GatherShared(double bytes, std::uint8_t stream, int after) {
    if (!spec_.stack->broadcasts_parameters) {
      return Collective(GroupKind::kShard, CollectiveKind::kAllGather, bytes, stream, after);
    }
    return Collective(GroupKind::kShard, CollectiveKind::kBroadcast, bytes, stream, after,
                      Broadcasts(bytes / spec_.GatheredParameterBytes()));
  }

  // One from each rank that owns some of these parameters.
  int Broadcasts(double parameters) const {
    const int owners =
        MatrixOwners(*spec_.model, spec_.strategy, stage_, spec_.strategy.optimizer_shards);
    return std::max(1, static_cast<int>(std::lround(owners * parameters / Trained().shared)));
  }

  // Updated parameters of the step before, gathered beside the first forward passes.
  void GatherAhead() {
    if (!sharding_.GathersAhead()) return;
    for (const ChunkWorks& chunk : chunks_) {
      gathered_.emplace_back();
      for (const HeldParameters& trained : chunk.trained) {
        gathered_.back().push_back(
            trained.Total() > 0.0
                ? GatherWeights(trained * spec_.GatheredParameterBytes(), kGatherStream, -1)
                : -1);
      }
    }
  }

  void Forward(const Pass& pass) {
    const ChunkWorks& works = chunks_[pass.virtual_stage];
    const int chunk = spec_.strategy.ChunkOf(stage_, pass.virtual_stage);
    if (chunk > 0) Receive(chunk - 1, kPrevious, 2 * (chunk - 1));
    int last = -1;
    if (sharding_.ShardsWeights() && sharding_.Distributed()) {
      last = ShardedPieces(works.forward_pieces, works, pass);
    } else if (pass.micro_batch == 0 && !gathered_.empty()) {
      for (size_t i = 0; i < works.forward_pieces.size(); ++i) {
        last = Compute(works.forward_pieces[i], works.forward_exchanges[i],
                       gathered_[pass.virtual_stage][i]);
      }
    } else {
      last = Compute(works.forward, works.all_forward_exchanges);
    }
    if (chunk < LastChunk()) Send(chunk + 1, kNext, 2 * chunk, last);
  }

  void Backward(const Pass& pass) {
    const ChunkWorks& works = chunks_[pass.virtual_stage];
    const int chunk = spec_.strategy.ChunkOf(stage_, pass.virtual_stage);
    if (chunk < LastChunk()) Receive(chunk + 1, kNext, 2 * chunk + 1);
    int last = -1;
    if (sharding_.ShardsWeights() && sharding_.Distributed()) {
      last = ShardedPieces(works.backward_pieces, works, pass);
    } else if (sharding_.OverlapsReduction() && sharding_.Reduces(pass)) {
      for (size_t i = works.backward_pieces.size(); i-- > 0;) {
        last = Compute(works.backward_pieces[i], works.backward_exchanges[i]);
        if (works.trained[i].Total() > 0.0) {
          reduced_ = Reduce(works.trained[i], kDataStream, last);
        }
      }
    } else {
      last = Compute(works.backward, works.all_backward_exchanges);
      ReduceExposed(pass, works);
    }
    if (chunk > 0) Send(chunk - 1, kPrevious, 2 * (chunk - 1) + 1, last);
  }

  // The part of a split backward pass that nobody waits for.
  void WeightGradients(const Pass& pass) {
    const ChunkWorks& works = chunks_[pass.virtual_stage];
    if (!sharding_.OverlapsReduction() || !sharding_.Reduces(pass)) {
      Compute(works.weights);
      ReduceExposed(pass, works);
      return;
    }
    for (size_t i = works.weight_pieces.size(); i-- > 0;) {
      const int computed = Compute(works.weight_pieces[i]);
      if (works.trained[i].Total() > 0.0) {
        reduced_ = Reduce(works.trained[i], kDataStream, computed);
      }
    }
  }

  // Gradients that are reduced after every micro-batch with nothing beside it.
  void ReduceExposed(const Pass& pass, const ChunkWorks& works) {
    if (!sharding_.Reduces(pass) || !sharding_.ReducesEveryMicroBatch()) return;
    HeldParameters all;
    for (const HeldParameters& piece : works.trained) all += piece;
    if (all.Total() > 0.0) Reduce(all, kComputeStream, -1);
  }

  // Each piece's weights are gathered before it, a stated number of pieces ahead of the one that
  // runs (PyTorch FSDP, Zhao et al. 2023, section 3.3.2), and its gradients scattered after it. All
  // of it goes through one communicator and therefore one stream.
  int ShardedPieces(const std::vector<int>& pieces, const ChunkWorks& works, const Pass& pass) {
    const int count = static_cast<int>(pieces.size());
    const int ahead = std::min(spec_.strategy.prefetched_layers, count - 1);
    const bool gathers = !pass.backward || spec_.strategy.zero_stage >= 3;
    const auto piece = [&](int i) { return pass.backward ? count - 1 - i : i; };
    std::vector<int> gathered(count, -1);
    const auto gather = [&](int i, int after) {
      if (!gathers || i >= count) return;
      gathered[i] = GatherWeights(works.weight_bytes[piece(i)], kDataStream, after);
    };
    for (int i = 0; i < ahead; ++i) gather(i, Computed(ahead - i));
    int last = -1;
    for (int i = 0; i < count; ++i) {
      gather(i + ahead, Computed(0));
      last = Compute(pieces[piece(i)],
                     (pass.backward ? works.backward_exchanges : works.forward_exchanges)[piece(i)],
                     gathered[i]);
      sharded_.push_back(last);
      const HeldParameters& trained = works.trained[piece(i)];
      if (sharding_.Reduces(pass) && trained.Total() > 0.0)
        reduced_ = Reduce(trained, kDataStream, last);
    }
    return last;
  }

  // The computation on gathered weights that lies `back` before the last one; -1: none.
  int Computed(int back) const {
    const int index = static_cast<int>(sharded_.size()) - 1 - back;
    return index < 0 ? -1 : sharded_[index];
  }

  HeldParameters Trained() const {
    return TrainedByStage(*spec_.model, spec_.trainable, spec_.strategy, stage_);
  }

  void Finish() {
    const HeldParameters trained = Trained();
    int after = -1;
    if (sharding_.OverlapsReduction()) {
      after = reduced_;
    } else if (sharding_.Distributed() && !sharding_.ReducesEveryMicroBatch() &&
               trained.Total() > 0.0) {
      Reduce(trained, kComputeStream, -1);
    }
    const double tied = spec_.trainable.TrainsHead()
                            ? TiedParametersAcrossStages(*spec_.model, spec_.strategy)
                            : 0.0;
    const bool is_end = stage_ == 0 || stage_ + 1 == spec_.strategy.pipeline;
    if (tied > 0.0 && is_end) {
      Collective(GroupKind::kTied, CollectiveKind::kAllReduce,
                 tied * ElementBytes(spec_.GradientReductionType()), kComputeStream, after);
    }
    Work optimizer = OptimizerStep(spec_, hardware_, trained);
    Add(optimizer, Part::kHost, Activity::kIdle, spec_.stack->host_per_step);
    Compute(AddWork(optimizer), after);
    if (sharding_.GathersAtEnd() && trained.Total() > 0.0) {
      GatherWeights(trained * spec_.GatheredParameterBytes(), kComputeStream, -1);
    }
  }

  const TrainingSpec& spec_;
  const WorkerHardware& hardware_;
  const int stage_;
  const ReplicaSharding sharding_;
  const NetworkTimes* folded_;
  Program& program_;
  std::vector<ChunkWorks> chunks_;
  OpList list_;
  std::vector<std::vector<int>> gathered_;  // ops, by virtual stage and piece
  int exchanged_ = -1;                      // last exchange with experts on the compute stream
  int reduced_ = -1;                        // last overlapped reduction
  std::vector<int> sharded_;                // computations on gathered weights
  std::array<int, 2> transfer_work_ = {-1, -1};
  std::map<int, IssuedWork> issued_;  // by work
};

}  // namespace

OpList StageOps(const TrainingSpec& spec, const WorkerHardware& hardware, int stage, int replicas,
                const NetworkTimes* folded, Program& program) {
  if (spec.strategy.dual_pipe) {
    return DualPipeOps(spec, hardware, stage, replicas, folded, program);
  }
  return StageProgram(spec, hardware, stage, replicas, folded, program).Build();
}

}  // namespace fleetsim
