// The one intermediate form of all work: for each worker, streams of ops in order and dependencies
// between them, as a GPU programmer knows them from streams and events. Workers that do the same
// share one OpList; who their peers are is the worker's own.
#ifndef SIM_PROGRAM_PROGRAM_H_
#define SIM_PROGRAM_PROGRAM_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/program/expert_exchange.h"

namespace fleetsim {

// What a second of a worker's time was spent on. The parts of a step sum to it.
enum class Part {
  kForward,  // matrix products, attention and elementwise kernels of the forward pass
  kBackward,
  kRecompute,        // forward work done again in the backward pass
  kTensorExposed,    // tensor- and context-parallel communication that nothing hides
  kPipelineExposed,  // waiting for a transfer that is on its way
  kDataExposed,      // waiting for data-parallel collectives
  kBubble,           // waiting for another stage that has not got there yet
  kOptimizer,
  kHost,  // the host cannot issue work fast enough, or per-step host work
  kOther,
  kExpertExposed,  // waiting for tokens on their way to experts or back
};
inline constexpr int kParts = 11;

// What an accelerator does with a second, for power.
enum class Activity { kMatrix, kAttention, kMemory, kNetwork, kIdle };
inline constexpr int kActivities = 5;

// A piece of worker-local work: how long it takes and of what it consists. Shared by many ops.
struct Work {
  Seconds duration;  // = sum of parts
  std::array<Seconds, kParts> parts{};
  std::array<Seconds, kActivities> activities{};  // = duration when summed; of each accelerator
  Bytes nic_bytes;                                // that the worker sends to other hosts meanwhile
};

enum class OpKind : std::uint8_t {
  kCompute,     // local: `work`
  kSend,        // `bytes` to worker peers[peer]; done when the flow has arrived
  kRecv,        // waits for the matching send (same channel, in order)
  kCollective,  // with the other members of groups[group]; done when all have it
  kStorage,     // `bytes` to or from storage
  kDelay,       // `work`, without occupying an accelerator
};

struct Op {
  OpKind kind = OpKind::kCompute;
  std::uint8_t stream = 0;   // ops of one stream run one after another, in list order
  std::int16_t peer = -1;    // Send, Recv: index into Worker::peers
  std::int16_t group = -1;   // Collective: index into Worker::groups
  std::int32_t channel = 0;  // Send, Recv: k-th send on a channel matches k-th receive on it
  // Compute, Delay: index into Program::works. Send: -1, the simulated network decides; otherwise
  // the transfer takes this work's duration where the NICs are free (folded programs, which have
  // measured it before).
  std::int32_t work = -1;
  std::int32_t collective = -1;  // Collective: index into Program::collectives
  double bytes = 0;              // Send, Storage
  // Ops of the same worker, on other streams, that must be done before this one starts (indices in
  // the list, smaller than this op's own; -1: none).
  std::array<std::int32_t, 2> after = {-1, -1};
};
inline constexpr int kStreams = 8;

struct OpList {
  std::vector<Op> ops;
};

enum class CollectiveKind { kAllReduce, kReduceScatter, kAllGather, kBroadcast, kAllToAll };

// What is moved; who takes part is the group's business.
struct CollectiveSpec {
  CollectiveKind kind = CollectiveKind::kAllReduce;
  // Of one rank's full buffer: what an all-reduce reduces, what an all-gather ends with, what a
  // reduce-scatter starts from.
  Bytes bytes;
  Part waiting = Part::kDataExposed;  // what an exposed wait for it counts as
  // Takes this long once all members are there (folded programs, which have measured it before,
  // with all groups on the network at once); negative: the simulated network decides.
  Seconds fixed_duration{-1.0};
  // With fixed_duration: what a member's host sends and receives through its NICs meanwhile. It
  // shares them with the host's other transfers, and all of these may take longer for it.
  Bytes nic_bytes;
  // So many of it one after another, each of an equal part of `bytes`.
  int repeats = 1;
  // An all-to-all of experts: what it moves, in place of `bytes`.
  std::optional<ExpertExchange> exchange = std::nullopt;
  double network_share = 1.0;  // of the group's part of the NICs, that it can drive
};

// A worker holds accelerators of one host, or all of several.
struct Worker {
  int host = 0;             // index into Fleet::hosts; the first of `hosts`
  int accelerators = 1;     // how many it holds, on all its hosts together
  int op_list = 0;          // index into Program::op_lists
  std::vector<int> peers;   // workers, by Op::peer
  std::vector<int> groups;  // Program::groups, by Op::group
  // The same ops on the fastest hardware of their kind in the program; -1: this is it.
  int nominal_op_list = -1;
  int hosts = 1;  // consecutive ones, an equal part of `accelerators` on each
  // Where Work::nic_bytes goes: round the worker's own hosts where there are several, else to this
  // one; -1: nowhere.
  int exchange_host = -1;
  // Folded: workers of its host, itself included, that it stands for; zero: the program has all.
  int stands_for = 0;

  int AcceleratorsOnHost() const { return accelerators / hosts; }
};

// A group of workers: each collective runs once per accelerator position in parallel (`lanes` rings
// side by side, each with CollectiveSpec::bytes), as tensor-parallel ranks each reduce their shard.
struct Group {
  std::vector<int> workers;  // ring order
  int lanes = 1;
  int ranks_per_worker = 1;  // of one lane
};

struct Program {
  std::vector<Work> works;
  std::vector<CollectiveSpec> collectives;
  std::vector<OpList> op_lists;
  std::vector<Worker> workers;
  std::vector<Group> groups;
};

// What one worker's time went to while the program ran. `parts` sums to `finished`'s maximum over
// all workers (waiting for the slowest at the end is bubble).
struct WorkerRecord {
  std::array<Seconds, kParts> parts{};
  std::array<Seconds, kActivities> activities{};
  Seconds finished;
  // Time its computations took, and would have taken on nominal hardware; zero where no worker of
  // the program can be slower than that.
  Seconds computing, nominal_computing;
};

// By how much a host's slowness holds up the end of the program.
struct HostDelay {
  int host = 0;
  Seconds delay;
};

// One op's interval, kept only when asked for.
struct OpInterval {
  int worker = 0, op = 0;
  Seconds start, end;
};

struct ProgramRecord {
  Seconds duration;
  std::vector<WorkerRecord> workers;
  double network_bytes = 0;     // over links between hosts
  std::int64_t activities = 0;  // simulated ones, for the benchmark
  std::vector<OpInterval> timeline;
  std::vector<HostDelay> delays;  // along the chain of events that ended last, largest first
};

}  // namespace fleetsim

#endif  // SIM_PROGRAM_PROGRAM_H_
