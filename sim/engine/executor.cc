#include "sim/engine/executor.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/engine/group_placement.h"

namespace fleetsim {

absl::StatusOr<ProgramRecord> Executor::Run() {
  RETURN_IF_ERROR(network_.Run(*this, {kBegin}));
  if (unfinished_ > 0) return Deadlock();
  const Seconds end = begin_ + record_.duration;
  for (int i = 0; i < static_cast<int>(workers_.size()); ++i) {
    workers_[i].account.Book(end, program_.works, record_.workers[i]);
  }
  record_.delays = chains_.Delays(last_end_.chain);
  return std::move(record_);
}

void Executor::OnEvent(const Event& event) {
  switch (event.kind) {
    case kBegin:
      for (int i = 0; i < static_cast<int>(workers_.size()); ++i) Touch(i);
      break;
    case kOpDone:
      Finish(event.subject, event.detail);
      break;
    case kCollectiveFlowDone:
      FinishMeetingFlow(event.subject);
      break;
    case kCollectiveDone:
      FinishMeeting(event.subject);
      break;
  }
  // Advancing a worker may touch others; those come last.
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const int worker = touched_[i];
    workers_[worker].touched = false;
    Advance(worker);
  }
  touched_.clear();
}

// Something happened that may let the worker go on, or changes what it waits for.
void Executor::Touch(int worker) {
  if (workers_[worker].touched) return;
  workers_[worker].touched = true;
  touched_.push_back(worker);
}

void Executor::Advance(int worker) {
  WorkerState& state = workers_[worker];
  for (bool progress = true; progress;) {
    progress = false;
    for (int stream = 0; stream < kStreams; ++stream) {
      const int op = state.head[stream];
      if (op < 0 || state.running[stream] || !MayStart(state, op)) continue;
      state.running[stream] = true;
      state.begun[stream] = network_.Now();
      BeginChain(worker, op);
      Start(worker, op);
      progress = true;
    }
  }
  state.account.Switch(network_.Now(), CauseOf(worker), program_.works, record_.workers[worker]);
}

bool Executor::MayStart(const WorkerState& state, int op) const {
  const auto& after = OpOf(static_cast<int>(&state - workers_.data()), op).after;
  return std::all_of(after.begin(), after.end(),
                     [&state](int before) { return before < 0 || state.done[before]; });
}

void Executor::Start(int worker, int op) {
  switch (OpOf(worker, op).kind) {
    case OpKind::kCompute:
    case OpKind::kDelay:
      return StartWork(worker, op);
    case OpKind::kSend:
      return StartSend(worker, op);
    case OpKind::kRecv:
      return StartReceive(worker, op);
    case OpKind::kCollective:
      return JoinMeeting(worker, op);
    case OpKind::kStorage:
      return network_.Fail(absl::UnimplementedError("storage is not modelled"));
  }
}

void Executor::Finish(int worker, int op) {
  const Op& finished = OpOf(worker, op);
  WorkerState& state = workers_[worker];
  const int stream = finished.stream;
  FLEETSIM_CHECK(state.head[stream] == op && state.running[stream]);
  state.done[op] = true;
  state.running[stream] = false;
  state.head[stream] = LayoutOf(worker).ops[op].next;
  const Seconds now = network_.Now();
  EndChain(worker, op);
  if (options_.timeline) {
    record_.timeline.push_back({worker, op, state.begun[stream] - begin_, now - begin_});
  }
  if (finished.kind == OpKind::kSend) FinishSend(worker, op);
  if (std::all_of(state.head.begin(), state.head.end(), [](int head) { return head < 0; })) {
    record_.workers[worker].finished = now - begin_;
    record_.duration = Max(record_.duration, now - begin_);
    --unfinished_;
  }
  Touch(worker);
}

void Executor::StartWork(int worker, int op) {
  const Op& started = OpOf(worker, op);
  const Seconds duration = program_.works.at(started.work).duration;
  ++record_.activities;
  if (duration.value() <= 0.0) return Finish(worker, op);
  const Worker& where = program_.workers[worker];
  const Event done{kOpDone, worker, op};
  if (started.kind == OpKind::kCompute && Varies(where)) {
    network_.StartExec(where.host, where.accelerators, duration, done);
  } else {
    network_.Schedule(network_.Now() + duration, done);
  }
}

void Executor::StartSend(int worker, int op) {
  const Op& send = OpOf(worker, op);
  const Worker& source = program_.workers[worker];
  const int receiver = source.peers[send.peer];
  const Worker& destination = program_.workers[receiver];
  ++record_.activities;
  Transfer& transfer = TransferOf(worker, op);
  transfer.state = Transfer::kInFlight;
  if (transfer.receive >= 0) Touch(receiver);
  const Event done{kOpDone, worker, op};
  const Bytes bytes(send.bytes);
  const Seconds fixed = send.work >= 0 ? program_.works.at(send.work).duration : Seconds(-1.0);
  if (source.host == destination.host) {
    const Seconds local = SameHostTransferTime(fleet_, source, destination, bytes);
    return network_.Schedule(network_.Now() + (send.work >= 0 ? fixed : local), done);
  }
  record_.network_bytes += send.bytes;
  const HostFlow flow{source.host, destination.host, bytes,
                      PointToPointRate(fleet_, source, destination)};
  send.work >= 0 ? StartMeasuredFlow(flow, fixed, done) : network_.StartFlow(flow, done);
}

// A flow that takes `duration` unless others on its links slow it down.
void Executor::StartMeasuredFlow(const HostFlow& flow, Seconds duration, const Event& when_done) {
  const Seconds moving = duration - network_.RouteLatency(flow.source, flow.destination);
  if (moving.value() <= 0.0) return network_.Schedule(network_.Now() + duration, when_done);
  network_.StartFlow({flow.source, flow.destination, flow.bytes, flow.bytes / moving}, when_done);
}

void Executor::FinishSend(int worker, int op) {
  Transfer& transfer = TransferOf(worker, op);
  transfer.state = Transfer::kArrived;
  if (transfer.receive < 0) return;
  const int slot = LayoutOf(worker).ops[op].slot;
  Finish(channels_[workers_[worker].channels[slot]].receiver, transfer.receive);
}

void Executor::StartReceive(int worker, int op) {
  Transfer& transfer = TransferOf(worker, op);
  if (transfer.state == Transfer::kArrived) return Finish(worker, op);
  transfer.receive = op;
}

}  // namespace fleetsim
