// Runs a Program on a simulated network: ops start when their stream and their dependencies allow,
// transfers and collectives become flows, and every worker's time is accounted for.
#ifndef SIM_ENGINE_EXECUTOR_H_
#define SIM_ENGINE_EXECUTOR_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/engine/delay_chain.h"
#include "sim/engine/network.h"
#include "sim/engine/program_layout.h"
#include "sim/engine/simulation.h"
#include "sim/engine/time_account.h"

namespace fleetsim {

class Executor : public EventListener {
 public:
  Executor(const Program& program, const Fleet& fleet, const ExecutorOptions& options,
           Network& network);

  absl::StatusOr<ProgramRecord> Run();

 private:
  enum EventKind { kBegin, kOpDone, kExecDone, kCollectiveFlowDone, kCollectiveDone };

  // When an op ended, and what held it up.
  struct Ended {
    Seconds at;
    DelayChains::Chain chain = DelayChains::kNone;
  };
  // A worker between events. `head` of a stream is its first op that is not done.
  struct WorkerState {
    std::array<std::int32_t, kStreams> head;
    std::array<bool, kStreams> running{};
    std::vector<bool> done;               // by op
    std::vector<std::int32_t> channels;   // by slot: index into channels_
    std::array<Seconds, kStreams> begun;  // start of the running op
    TimeAccount account;
    bool touched = false;  // waits in touched_
    // Activities of the running op that are not done: on each of its hosts one, and its flows.
    std::array<int, kStreams> activities_left{};
    int last_host = 0;  // that was done with a computation
    // Where delays are traced: by op, and of each stream its running and its last op.
    std::vector<Ended> ended;
    std::array<DelayChains::Chain, kStreams> chain{};
    std::array<std::int32_t, kStreams> last{};
  };
  // What one worker sends to another under one number; transfers in order of the sends.
  struct Channel {
    int receiver = -1;
    int count = 0;
    int first_transfer = 0;
  };
  struct Transfer {
    enum State : std::uint8_t { kUnsent, kInFlight, kArrived };
    State state = kUnsent;
    std::int32_t receive = -1;  // the receiver's op that waits for it
    DelayChains::Chain chain = DelayChains::kNone;
  };
  // One collective of one group.
  struct Meeting {
    int group = -1;
    int spec = -1;
    int flows_left = 0;
    bool running = false;
    Seconds earliest_end;
    Seconds latency;
    std::vector<std::pair<int, int>> members;  // worker and op, in the order they came
    DelayChains::Chain chain = DelayChains::kNone;
  };

  // executor_setup.cc
  void SetUpWorkers();
  void SetUpChannels();
  void SetUpMeetings();
  void SetUpStandIns();
  int MeetingOf(int worker, int op) const;
  Transfer& TransferOf(int worker, int op);

  // executor.cc
  void OnEvent(const Event& event) override;
  void Touch(int worker);
  void Advance(int worker);
  bool MayStart(const WorkerState& state, int op) const;
  void Start(int worker, int op);
  void Finish(int worker, int op);
  void StartWork(int worker, int op);
  void FinishActivity(int worker, int op);
  void StartSend(int worker, int op);
  void StartMeasuredFlow(const HostFlow& flow, Seconds duration, const Event& when_done);
  void FinishSend(int worker, int op);
  void StartReceive(int worker, int op);

  // executor_collective.cc
  void JoinMeeting(int worker, int op);
  void StartMeeting(int index);
  void StartMeasured(int index);
  void FinishMeetingFlow(int index);
  void FinishMeeting(int index);
  const CollectivePlan& PlanOf(int group, int spec);

  // executor_delay.cc
  void SetUpDelays();
  void BeginChain(int worker, int op);
  void EndChain(int worker, int op);
  Seconds DelayOf(int worker, int op);

  // executor_cause.cc
  Cause CauseOf(int worker);
  Cause CauseOfRunning(int worker, int op);
  absl::Status Deadlock() const;

  bool Varies(const Worker& worker) const;
  const Op& OpOf(int worker, int op) const {
    return program_.op_lists[program_.workers[worker].op_list].ops[op];
  }
  const ListLayout& LayoutOf(int worker) const {
    return layouts_[program_.workers[worker].op_list];
  }

  const Program& program_;
  const Fleet& fleet_;
  const ExecutorOptions options_;
  Network& network_;
  std::vector<ListLayout> layouts_;
  std::vector<WorkerState> workers_;
  std::vector<Channel> channels_;
  std::vector<Transfer> transfers_;
  std::vector<Meeting> meetings_;
  std::vector<int> first_meeting_;                                  // by group
  absl::flat_hash_map<std::pair<int, int>, CollectivePlan> plans_;  // by group and spec
  std::vector<int> stand_ins_;  // by host of a folded program: host at the other end, or -1
  std::vector<int> touched_;
  Seconds begin_;
  int unfinished_ = 0;  // workers
  bool traces_delays_ = false;
  DelayChains chains_;
  Ended last_end_;  // of all ops
  ProgramRecord record_;
};

}  // namespace fleetsim

#endif  // SIM_ENGINE_EXECUTOR_H_
