#include <algorithm>

#include "sim/engine/executor.h"
#include "sim/engine/settings.h"

namespace fleetsim {

// Only where some worker can be slower than it was meant to be: it costs time and memory.
void Executor::SetUpDelays() {
  traces_delays_ = std::any_of(
      program_.workers.begin(), program_.workers.end(),
      [this](const Worker& worker) { return Varies(worker) || worker.nominal_op_list >= 0; });
  if (!traces_delays_) return;
  for (int i = 0; i < static_cast<int>(workers_.size()); ++i) {
    workers_[i].ended.resize(LayoutOf(i).ops.size());
    workers_[i].last.fill(-1);
  }
}

// An op starts when the last of what it waits for has ended: its chain goes on.
void Executor::BeginChain(int worker, int op) {
  if (!traces_delays_) return;
  WorkerState& state = workers_[worker];
  const Op& begun = OpOf(worker, op);
  Ended latest;
  for (const int before : {state.last[begun.stream], begun.after[0], begun.after[1]}) {
    if (before >= 0 && state.ended[before].at >= latest.at) latest = state.ended[before];
  }
  state.chain[begun.stream] = latest.chain;
}

void Executor::EndChain(int worker, int op) {
  if (!traces_delays_) return;
  WorkerState& state = workers_[worker];
  const Op& ended = OpOf(worker, op);
  DelayChains::Chain chain = state.chain[ended.stream];
  if (ended.kind == OpKind::kCompute) {
    const Seconds delay = DelayOf(worker, op);
    // Twice the clock's precision: what two rounded moments can differ by.
    if (delay.value() > 2 * kClockPrecision_s) {
      chain = chains_.Extend(chain, state.last_host, delay);
    }
  } else if (ended.kind == OpKind::kSend) {
    TransferOf(worker, op).chain = chain;
  } else if (ended.kind == OpKind::kRecv && TransferOf(worker, op).receive >= 0) {
    chain = TransferOf(worker, op).chain;  // it has waited for the sender
  } else if (ended.kind == OpKind::kCollective) {
    chain = meetings_[MeetingOf(worker, op)].chain;  // of the member that came last
  }
  state.ended[op] = {network_.Now(), chain};
  state.last[ended.stream] = op;
  if (network_.Now() >= last_end_.at) last_end_ = state.ended[op];
}

// By which a computation took longer than on nominal hardware; also books both.
Seconds Executor::DelayOf(int worker, int op) {
  const Worker& where = program_.workers[worker];
  const int list = where.nominal_op_list >= 0 ? where.nominal_op_list : where.op_list;
  const Seconds nominal = program_.works[program_.op_lists[list].ops[op].work].duration;
  const Seconds taken = network_.Now() - workers_[worker].begun[OpOf(worker, op).stream];
  record_.workers[worker].nominal_computing += nominal;
  record_.workers[worker].computing += taken;
  return taken - nominal;
}

}  // namespace fleetsim
