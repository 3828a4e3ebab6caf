#include "sim/engine/executor.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/engine/group_placement.h"

namespace fleetsim {
namespace {

// Who gets what a worker sends to other hosts in the course of a work (Worker::exchange_host). A
// folded one also gets as much from there, and stands for its host's others.
std::vector<HostFlow> ExchangeFlows(const Worker& worker, Bytes bytes) {
  std::vector<HostFlow> flows;
  if (bytes.value() <= 0.0) return flows;
  if (worker.hosts > 1) {
    for (int i = 0; i < worker.hosts; ++i) {
      flows.push_back(
          {worker.host + i, worker.host + (i + 1) % worker.hosts, bytes / worker.hosts, {}});
    }
  } else if (worker.exchange_host >= 0) {
    // One flow each: links are shared by their number.
    flows.assign(std::max(1, worker.stands_for), {worker.host, worker.exchange_host, bytes, {}});
    for (int i = 0; i < worker.stands_for; ++i) {
      flows.push_back({worker.exchange_host, worker.host, bytes, {}});
    }
  }
  return flows;
}

}  // namespace

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
      FinishActivity(event.subject, event.detail);
      break;
    case kExecDone: {
      const Worker& worker = program_.workers[event.subject];
      workers_[event.subject].last_host = worker.host + event.detail % worker.hosts;
      FinishActivity(event.subject, event.detail / worker.hosts);
      break;
    }
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

bool Executor::Varies(const Worker& worker) const {
  if (options_.nominal_speeds) return false;
  const auto first = fleet_.hosts.begin() + worker.host;
  return std::any_of(first, first + worker.hosts,
                     [](const Host& host) { return host.varying_speed; });
}

// Computes on all hosts of the worker; what the work exchanges with other hosts passes the NICs
// evenly meanwhile, and may be slowed down there.
void Executor::StartWork(int worker, int op) {
  const Op& started = OpOf(worker, op);
  const Work& work = program_.works.at(started.work);
  ++record_.activities;
  if (work.duration.value() <= 0.0) return Finish(worker, op);
  const Worker& where = program_.workers[worker];
  const bool varies = started.kind == OpKind::kCompute && Varies(where);
  const std::vector<HostFlow> flows = ExchangeFlows(where, work.nic_bytes);
  workers_[worker].activities_left[started.stream] =
      static_cast<int>(flows.size()) + (varies ? where.hosts : 1);
  record_.network_bytes += work.nic_bytes.value();
  record_.activities += static_cast<std::int64_t>(flows.size());
  for (int i = 0; varies && i < where.hosts; ++i) {
    network_.StartExec(where.host + i, where.AcceleratorsOnHost(), work.duration,
                       {kExecDone, worker, op * where.hosts + i});
  }
  const Event done{kOpDone, worker, op};
  if (!varies) network_.Schedule(network_.Now() + work.duration, done);
  for (const HostFlow& flow : flows) StartMeasuredFlow(flow, work.duration, done);
}

void Executor::FinishActivity(int worker, int op) {
  if (--workers_[worker].activities_left[OpOf(worker, op).stream] == 0) Finish(worker, op);
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
  workers_[worker].activities_left[send.stream] = 1;
  if (source.host == destination.host) {
    const Seconds local = SameHostTransferTime(fleet_, source, destination, bytes);
    return network_.Schedule(network_.Now() + (send.work >= 0 ? fixed : local), done);
  }
  record_.network_bytes += send.bytes;
  workers_[worker].activities_left[send.stream] = source.hosts;
  for (const HostFlow& flow : TransferFlows(fleet_, source, destination, bytes)) {
    send.work >= 0 ? StartMeasuredFlow(flow, fixed, done) : network_.StartFlow(flow, done);
  }
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
