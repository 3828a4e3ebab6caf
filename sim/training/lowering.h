// A training step as a Program: every pipeline stage of every replica a worker, its passes in
// schedule order, transfers between stages, data-parallel collectives and the optimizer.
#ifndef SIM_TRAINING_LOWERING_H_
#define SIM_TRAINING_LOWERING_H_

#include <functional>
#include <vector>

#include "sim/parallel/placement.h"
#include "sim/program/program.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Which workers a collective is among.
// kAcross: ranks of different shard groups that hold the same shard (hybrid sharding).
// kExpert: ranks that exchange tokens; kExpertData: ranks that hold the same experts.
enum class GroupKind { kData, kShard, kTied, kExpert, kExpertData, kAcross };
inline constexpr int kGroupKinds = 6;

// Where a folded program, which holds one replica only, has its network times from: they were
// measured with all replicas on the network at once.
struct NetworkTimes {
  // Sets the spec's fixed_duration and nic_bytes.
  std::function<void(GroupKind, int stage, CollectiveSpec&)> collective;
  std::function<Seconds(int from_stage, int to_stage, Bytes)> transfer;
};

// Hardware of each worker; workers with equal `kind` take equal time.
struct WorkerKinds {
  std::vector<WorkerHardware> hardware;  // by kind
  std::vector<int> kind;                 // by worker, as in Placement::workers
  // By kind: the fastest one with the same accelerator; empty: each is its own.
  std::vector<int> nominal;
};

// Times of what the ranks of a stage's workers of one kind exchange inside their works.
using StageExchangeTimes = std::function<Communication(int stage, int kind, const RankExchange&)>;

// All replicas with every transfer left to the network, or, with `folded`, replica 0 alone with the
// times given. Without `exchanges` those across hosts take what WorkerHardware says.
Program LowerStep(const TrainingSpec& spec, const Placement& placement, const WorkerKinds& kinds,
                  const NetworkTimes* folded = nullptr, const StageExchangeTimes& exchanges = {});

// The groups alone, as LowerStep numbers them for all replicas: by kind, then in stage order.
std::vector<Group> GroupsOf(const TrainingSpec& spec, const Placement& placement, GroupKind kind);

// Ranks that exchange inside works, in stage order: the tensor ranks of each worker; the context
// ranks of each replica of the data, tensor positions side by side.
std::vector<Group> GroupsOf(const TrainingSpec& spec, const Placement& placement, RankGroup kind);

// The workers of all replicas, by their place alone: no peers, no groups, no ops.
std::vector<Worker> WorkersOf(const TrainingSpec& spec, const Placement& placement);

// Bytes that one worker sends to the next stage for one micro-batch.
Bytes PipelineTransferBytes(const TrainingSpec& spec);

}  // namespace fleetsim

#endif  // SIM_TRAINING_LOWERING_H_
