#include "sim/training/dual_pipe_program.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "sim/parallel/dual_pipe.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/training/products.h"
#include "sim/training/stage_cost.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

constexpr std::uint8_t kComputeStream = 0;
constexpr std::uint8_t kForwardSendStream = 1;
constexpr std::uint8_t kBackwardSendStream = 2;
constexpr std::uint8_t kExpertStream = 6;
// Peers of a worker, see AddWorkers.
constexpr std::int16_t kPrevious = 0;
constexpr std::int16_t kNext = 1;

// Of a chunk; indices into Program::works.
struct ChunkWorks {
  int forward = -1, backward = -1, input_gradient = -1, weight_gradient = -1;
  int paired_forward = -1, paired_backward = -1;
  ExpertExchanges forward_exchanges, backward_exchanges;
};

Work WeightGradientsOf(const TrainingSpec& spec, const WorkerHardware& hardware, int chunk) {
  Work work;
  for (int layer : LayersOfChunk(*spec.model, spec.strategy, chunk)) {
    const LayerOperators operators = ForwardOperators(*spec.model, layer, spec.Shard());
    const ProductTime time = WeightGradients(spec, hardware, operators.gemms);
    Add(work, Part::kBackward, Activity::kMatrix, time.matrix);
    Add(work, Part::kBackward, Activity::kMemory, time.memory);
  }
  return work;
}

class DualPipeProgram {
 public:
  DualPipeProgram(const TrainingSpec& spec, const WorkerHardware& hardware, int stage,
                  const NetworkTimes* folded, Program& program)
      : spec_(spec), hardware_(hardware), stage_(stage), folded_(folded), program_(program) {
    for (int direction : {0, 1}) chunks_[direction] = Cost(ChunkOf(direction));
    nothing_ = AddWork(Work());
  }

  OpList Build(int replicas) {
    const Strategy& strategy = spec_.strategy;
    const std::vector<DualPass> order =
        DualPipeOrder(stage_, strategy.pipeline, strategy.micro_batches);
    for (size_t i = 0; i < order.size(); ++i) {
      if (order[i].paired) {
        Pair(order[i], order[i + 1]);
        ++i;
      } else {
        Alone(order[i]);
      }
    }
    Finish(replicas > 1);
    return std::move(list_);
  }

 private:
  int Mirror() const { return spec_.strategy.pipeline - 1 - stage_; }
  int ChunkOf(int direction) const { return direction == 0 ? stage_ : Mirror(); }
  // The rank whose chunk comes next (`ahead`) or before in the model.
  std::int16_t Peer(int direction, bool ahead) const {
    return ahead == (direction == 0) ? kNext : kPrevious;
  }

  int AddWork(Work work) {
    program_.works.push_back(std::move(work));
    return static_cast<int>(program_.works.size()) - 1;
  }

  ChunkWorks Cost(int chunk) {
    const ChunkCost cost = CostOfChunk(spec_, hardware_, chunk, 1);
    const Work& forward = cost.forward.front();
    const Work& backward = cost.backward.front();
    const Work weights = WeightGradientsOf(spec_, hardware_, chunk);
    Work input = backward;
    Append(input, Scaled(weights, -1.0));
    ChunkWorks works{.forward_exchanges = cost.forward_exchanges.front(),
                     .backward_exchanges = cost.backward_exchanges.front()};
    const double slowdown = SlowdownBeside(spec_, hardware_, works.forward_exchanges);
    works.forward = AddWork(forward);
    works.backward = AddWork(backward);
    works.input_gradient = AddWork(input);
    works.weight_gradient = AddWork(weights);
    works.paired_forward = AddWork(Scaled(forward, slowdown));
    works.paired_backward = AddWork(Scaled(backward, slowdown));
    return works;
  }

  int Push(Op op) {
    list_.ops.push_back(op);
    return static_cast<int>(list_.ops.size()) - 1;
  }

  int Compute(int work, int after = -1) {
    last_ = Push(
        {.kind = OpKind::kCompute, .stream = kComputeStream, .work = work, .after = {after, -1}});
    return last_;
  }

  int Collective(GroupKind group, CollectiveSpec collective, std::uint8_t stream, int after = -1) {
    if (folded_) folded_->collective(group, stage_, collective);
    program_.collectives.push_back(collective);
    return Push({.kind = OpKind::kCollective,
                 .stream = stream,
                 .group = static_cast<std::int16_t>(group),
                 .collective = SpecIndex(),
                 .after = {after, -1}});
  }

  // Of the collective added last, or of an equal one that was there before: all members of a group
  // name the same.
  int SpecIndex() {
    std::vector<CollectiveSpec>& known = program_.collectives;
    const CollectiveSpec& wanted = known.back();
    const auto found = std::find_if(known.begin(), known.end(), [&](const CollectiveSpec& other) {
      return other.kind == wanted.kind && other.bytes == wanted.bytes &&
             other.waiting == wanted.waiting && other.exchange == wanted.exchange &&
             other.repeats == wanted.repeats && other.fixed_duration == wanted.fixed_duration &&
             other.nic_bytes == wanted.nic_bytes;
    });
    const auto index = static_cast<int>(found - known.begin());
    if (index + 1 < static_cast<int>(known.size())) known.pop_back();
    return index;
  }

  // Channels as in StageProgram: forward ones even, backward ones odd, by the chunk that sends. Of
  // two ranks the two directions never send the same kind the same way.
  void Receive(const DualPass& pass) {
    const int chunk = ChunkOf(pass.direction);
    const bool forward = pass.work == DualWork::kForward;
    if (chunk == (forward ? 0 : spec_.strategy.pipeline - 1)) return;
    Push({.kind = OpKind::kRecv,
          .stream = kComputeStream,
          .peer = Peer(pass.direction, !forward),
          .channel = forward ? 2 * (chunk - 1) : 2 * chunk + 1});
  }

  void Send(const DualPass& pass) {
    const int chunk = ChunkOf(pass.direction);
    const bool forward = pass.work == DualWork::kForward;
    if (chunk == (forward ? spec_.strategy.pipeline - 1 : 0)) return;
    const Bytes bytes = PipelineTransferBytes(spec_);
    Op op{.kind = OpKind::kSend,
          .stream = forward ? kForwardSendStream : kBackwardSendStream,
          .peer = Peer(pass.direction, forward),
          .channel = forward ? 2 * chunk : 2 * (chunk - 1) + 1,
          .bytes = bytes.value(),
          .after = {last_, -1}};
    if (folded_) op.work = TransferWork(op.peer, bytes);
    Push(op);
  }

  int TransferWork(std::int16_t peer, Bytes bytes) {
    int& work = transfer_work_[peer];
    if (work < 0) {
      Work transfer;
      Add(transfer, Part::kPipelineExposed, Activity::kNetwork,
          folded_->transfer(stage_, stage_ + (peer == kNext ? 1 : -1), bytes));
      work = AddWork(transfer);
    }
    return work;
  }

  void Alone(const DualPass& pass) {
    const ChunkWorks& works = chunks_[pass.direction];
    if (pass.work == DualWork::kWeightGradient) {
      Compute(works.weight_gradient);
      return;
    }
    Receive(pass);
    const bool forward = pass.work == DualWork::kForward;
    Compute(forward                            ? works.forward
            : pass.work == DualWork::kBackward ? works.backward
                                               : works.input_gradient);
    Exchange(forward ? works.forward_exchanges : works.backward_exchanges, kComputeStream);
    Send(pass);
  }

  // Returns the last op, or -1.
  int Exchange(const ExpertExchanges& exchanges, std::uint8_t stream) {
    int last = -1;
    for (const CollectiveSpec& spec : ExchangeSpecs(spec_, hardware_.links, exchanges, 1.0)) {
      last = Collective(GroupKind::kExpert, spec, stream, stream == kExpertStream ? last_ : -1);
    }
    if (last >= 0 && stream == kComputeStream) last_ = last;
    return last;
  }

  void Pair(const DualPass& forward, const DualPass& backward) {
    Receive(forward);
    Receive(backward);
    // The exchanges start when both inputs are there.
    Compute(nothing_);
    ExpertExchanges both = chunks_[forward.direction].forward_exchanges;
    both += chunks_[backward.direction].backward_exchanges;
    const int exchanged = Exchange(both, kExpertStream);
    Compute(chunks_[forward.direction].paired_forward);
    Compute(chunks_[backward.direction].paired_backward);
    Compute(nothing_, exchanged);
    Send(forward);
    Send(backward);
  }

  HeldParameters Trained() const {
    Strategy own = spec_.strategy;
    HeldParameters trained = TrainedByStage(*spec_.model, spec_.trainable, own, stage_);
    trained += TrainedByStage(*spec_.model, spec_.trainable, own, Mirror());
    return trained;
  }

  // The replicas' collective on parameters of both chunks, `bytes` each.
  void AmongReplicas(CollectiveKind kind, const HeldParameters& parameters, double bytes) {
    Collective(GroupKind::kData, {.kind = kind, .bytes = Bytes(parameters.shared * bytes)},
               kComputeStream);
    if (parameters.experts == 0.0 || spec_.strategy.ExpertReplicas() == 1) return;
    Collective(GroupKind::kExpertData, {.kind = kind, .bytes = Bytes(parameters.experts * bytes)},
               kComputeStream);
  }

  // A chunk's copies on the two mirrored ranks share its optimizer states.
  void Finish(bool distributed) {
    const HeldParameters trained = Trained();
    const bool sharded = spec_.strategy.zero_stage >= 1 && spec_.strategy.optimizer_shards > 1;
    if (distributed) {
      AmongReplicas(sharded ? CollectiveKind::kReduceScatter : CollectiveKind::kAllReduce, trained,
                    ElementBytes(spec_.GradientReductionType()));
    }
    Work optimizer = OptimizerStep(spec_, hardware_, trained * 0.5);
    Add(optimizer, Part::kHost, Activity::kIdle, spec_.stack->host_per_step);
    Compute(AddWork(optimizer));
    if (distributed && sharded) {
      AmongReplicas(CollectiveKind::kAllGather, trained, spec_.GatheredParameterBytes());
    }
  }

  const TrainingSpec& spec_;
  const WorkerHardware& hardware_;
  const int stage_;
  const NetworkTimes* folded_;
  Program& program_;
  std::array<ChunkWorks, 2> chunks_;  // by direction
  OpList list_;
  int nothing_ = -1;  // work that takes no time
  int last_ = -1;     // last op on the compute stream that does something
  std::array<int, 2> transfer_work_ = {-1, -1};
};

}  // namespace

OpList DualPipeOps(const TrainingSpec& spec, const WorkerHardware& hardware, int stage,
                   int replicas, const NetworkTimes* folded, Program& program) {
  return DualPipeProgram(spec, hardware, stage, folded, program).Build(replicas);
}

}  // namespace fleetsim
