#include <algorithm>
#include <tuple>

#include "sim/base/check.h"
#include "sim/engine/executor.h"

namespace fleetsim {

Executor::Executor(const Program& program, const Fleet& fleet, const ExecutorOptions& options,
                   Network& network)
    : program_(program), fleet_(fleet), options_(options), network_(network) {
  layouts_.reserve(program.op_lists.size());
  for (const OpList& list : program.op_lists) layouts_.push_back(LayOut(list));
  begin_ = network_.Now();
  SetUpWorkers();
  SetUpChannels();
  SetUpMeetings();
  SetUpStandIns();
  SetUpDelays();
}

void Executor::SetUpWorkers() {
  record_.workers.resize(program_.workers.size());
  workers_.reserve(program_.workers.size());
  for (int i = 0; i < static_cast<int>(program_.workers.size()); ++i) {
    const Worker& worker = program_.workers[i];
    FLEETSIM_CHECK(worker.host >= 0 && worker.hosts >= 1 &&
                   worker.host + worker.hosts <= static_cast<int>(fleet_.hosts.size()));
    FLEETSIM_CHECK(worker.accelerators >= 1 && worker.accelerators % worker.hosts == 0);
    WorkerState state{.account = TimeAccount(begin_), .last_host = worker.host};
    state.head = LayoutOf(i).first;
    if (!LayoutOf(i).ops.empty()) ++unfinished_;
    state.done.resize(LayoutOf(i).ops.size());
    workers_.push_back(std::move(state));
  }
}

// A channel is known by sender, receiver and number; both ends name it by a slot of their own.
void Executor::SetUpChannels() {
  absl::flat_hash_map<std::tuple<int, int, int>, int> index;
  for (int i = 0; i < static_cast<int>(workers_.size()); ++i) {
    for (const ChannelSlot& slot : LayoutOf(i).slots) {
      const int peer = program_.workers[i].peers.at(slot.peer);
      const int sender = slot.sends ? i : peer;
      const int receiver = slot.sends ? peer : i;
      const auto [it, is_new] =
          index.try_emplace({sender, receiver, slot.channel}, static_cast<int>(channels_.size()));
      if (is_new) channels_.push_back({receiver, 0, 0});
      Channel& channel = channels_[it->second];
      channel.count = std::max(channel.count, slot.count);
      workers_[i].channels.push_back(it->second);
    }
  }
  int transfers = 0;
  for (Channel& channel : channels_) {
    channel.first_transfer = transfers;
    transfers += channel.count;
  }
  transfers_.resize(transfers);
}

// The k-th collective of a group in one member's list meets the k-th in the others' lists.
void Executor::SetUpMeetings() {
  std::vector<int> counts(program_.groups.size(), 0);
  for (int i = 0; i < static_cast<int>(workers_.size()); ++i) {
    const std::vector<int>& collectives = LayoutOf(i).collectives;
    for (int g = 0; g < static_cast<int>(collectives.size()); ++g) {
      if (collectives[g] == 0) continue;
      int& count = counts[program_.workers[i].groups.at(g)];
      count = std::max(count, collectives[g]);
    }
  }
  for (int g = 0; g < static_cast<int>(counts.size()); ++g) {
    first_meeting_.push_back(static_cast<int>(meetings_.size()));
    meetings_.resize(meetings_.size() + counts[g], Meeting{.group = g});
  }
}

// For each host of a folded program an idle one that its collectives' traffic goes to and comes
// from in place of the ring neighbours that are not simulated; under the same leaf if there is one.
void Executor::SetUpStandIns() {
  const bool measured =
      std::any_of(program_.collectives.begin(), program_.collectives.end(),
                  [](const CollectiveSpec& spec) { return spec.nic_bytes.value() > 0.0; });
  if (!measured) return;
  stand_ins_.assign(fleet_.hosts.size(), -1);
  std::vector<bool> taken(fleet_.hosts.size(), false);
  std::vector<int> hosts;
  for (const Worker& worker : program_.workers) {
    for (int i = 0; i < worker.hosts; ++i) hosts.push_back(worker.host + i);
  }
  for (const int host : hosts) taken[host] = true;
  const auto find = [&](int leaf) {
    for (int host = 0; host < static_cast<int>(taken.size()); ++host) {
      if (!taken[host] && (leaf < 0 || fleet_.hosts[host].leaf == leaf)) return host;
    }
    return -1;
  };
  for (const int host : hosts) {
    int& stand_in = stand_ins_[host];
    if (stand_in >= 0) continue;
    stand_in = find(fleet_.hosts[host].leaf);
    if (stand_in < 0) stand_in = find(-1);
    if (stand_in >= 0) taken[stand_in] = true;
  }
}

int Executor::MeetingOf(int worker, int op) const {
  const int group = program_.workers[worker].groups.at(OpOf(worker, op).group);
  return first_meeting_[group] + LayoutOf(worker).ops[op].ordinal;
}

Executor::Transfer& Executor::TransferOf(int worker, int op) {
  const OpPlace& place = LayoutOf(worker).ops[op];
  const Channel& channel = channels_[workers_[worker].channels[place.slot]];
  return transfers_[channel.first_transfer + place.ordinal];
}

}  // namespace fleetsim
