#include "absl/strings/str_format.h"
#include "sim/base/check.h"
#include "sim/engine/executor.h"

namespace fleetsim {

// What the worker's compute stream does or, through dependencies, waits for. A worker whose compute
// stream is through waits for its other streams, and then for the rest of the program.
Cause Executor::CauseOf(int worker) {
  const WorkerState& state = workers_[worker];
  int op = -1;
  for (int stream = 0; stream < kStreams && op < 0; ++stream) op = state.head[stream];
  while (op >= 0) {
    const Op& blocked = OpOf(worker, op);
    if (state.running[blocked.stream]) return CauseOfRunning(worker, op);
    const int before = blocked.after[0] >= 0 && !state.done[blocked.after[0]] ? blocked.after[0]
                                                                              : blocked.after[1];
    FLEETSIM_CHECK(before >= 0 && before < op);
    op = state.head[OpOf(worker, before).stream];
  }
  return Cause::Bubble();
}

Cause Executor::CauseOfRunning(int worker, int op) {
  const Op& running = OpOf(worker, op);
  switch (running.kind) {
    case OpKind::kCompute:
    case OpKind::kDelay:
      return Cause::Work(running.work);
    case OpKind::kSend:
      return Cause::Transfer(Part::kPipelineExposed);
    case OpKind::kRecv:
      return TransferOf(worker, op).state == Transfer::kInFlight
                 ? Cause::Transfer(Part::kPipelineExposed)
                 : Cause::Bubble();
    case OpKind::kCollective: {
      const Meeting& meeting = meetings_[MeetingOf(worker, op)];
      return meeting.running ? Cause::Transfer(program_.collectives[meeting.spec].waiting)
                             : Cause::Bubble();
    }
    case OpKind::kStorage:
      return Cause::Transfer(Part::kOther);
  }
  return Cause::Bubble();
}

absl::Status Executor::Deadlock() const {
  for (int i = 0; i < static_cast<int>(workers_.size()); ++i) {
    for (int stream = 0; stream < kStreams; ++stream) {
      const int op = workers_[i].head[stream];
      if (op < 0) continue;
      return absl::FailedPreconditionError(absl::StrFormat(
          "the program never ends: %d of %d workers wait; worker %d, stream %d, is stuck at op %d",
          unfinished_, workers_.size(), i, stream, op));
    }
  }
  return absl::OkStatus();
}

}  // namespace fleetsim
