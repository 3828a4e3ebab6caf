#include "sim/base/check.h"
#include "sim/engine/executor.h"
#include "sim/engine/group_placement.h"

namespace fleetsim {

void Executor::JoinMeeting(int worker, int op) {
  const int index = MeetingOf(worker, op);
  Meeting& meeting = meetings_[index];
  const int spec = OpOf(worker, op).collective;
  FLEETSIM_CHECK(meeting.spec < 0 || meeting.spec == spec);
  meeting.spec = spec;
  meeting.members.emplace_back(worker, op);
  meeting.chain = workers_[worker].chain[OpOf(worker, op).stream];
  if (meeting.members.size() == program_.groups[meeting.group].workers.size()) StartMeeting(index);
}

void Executor::StartMeeting(int index) {
  Meeting& meeting = meetings_[index];
  meeting.running = true;
  for (const auto& [worker, op] : meeting.members) Touch(worker);
  ++record_.activities;
  const CollectiveSpec& spec = program_.collectives[meeting.spec];
  const Seconds now = network_.Now();
  if (spec.fixed_duration.value() >= 0.0) return StartMeasured(index);
  const CollectivePlan& plan = PlanOf(meeting.group, meeting.spec);
  meeting.earliest_end = now + plan.local_floor;
  meeting.latency = plan.latency;
  meeting.flows_left = static_cast<int>(plan.flows.size());
  record_.activities += meeting.flows_left;
  for (const HostFlow& flow : plan.flows) {
    if (flow.source != flow.destination) record_.network_bytes += flow.bytes.value();
    network_.StartFlow(flow, {kCollectiveFlowDone, index});
  }
  if (plan.flows.empty()) {
    network_.Schedule(meeting.earliest_end + meeting.latency, {kCollectiveDone, index});
  }
}

// Of the other members' traffic only what passes the NICs of the members that are there.
void Executor::StartMeasured(int index) {
  Meeting& meeting = meetings_[index];
  const CollectiveSpec& spec = program_.collectives[meeting.spec];
  meeting.earliest_end = network_.Now() + spec.fixed_duration;
  std::vector<int> hosts;
  for (const auto& [index_of_worker, op] : meeting.members) {
    const Worker& worker = program_.workers[index_of_worker];
    if (spec.nic_bytes.value() <= 0.0) continue;
    // The other workers of the host, of other replicas, count their part.
    const int accelerators = fleet_.LeafOf(worker.host).accelerators;
    record_.network_bytes += spec.nic_bytes.value() * worker.accelerators / accelerators;
    for (int i = 0; i < worker.hosts; ++i) {
      if (stand_ins_[worker.host + i] >= 0) hosts.push_back(worker.host + i);
    }
  }
  meeting.flows_left = 2 * static_cast<int>(hosts.size());
  for (const int host : hosts) {
    for (const auto& [from, to] :
         {std::pair(host, stand_ins_[host]), std::pair(stand_ins_[host], host)}) {
      StartMeasuredFlow({from, to, spec.nic_bytes, {}}, spec.fixed_duration,
                        {kCollectiveFlowDone, index});
    }
  }
  record_.activities += meeting.flows_left;
  if (meeting.flows_left == 0) {
    network_.Schedule(meeting.earliest_end, {kCollectiveDone, index});
  }
}

void Executor::FinishMeetingFlow(int index) {
  Meeting& meeting = meetings_[index];
  if (--meeting.flows_left > 0) return;
  const Seconds flows_done = Max(network_.Now(), meeting.earliest_end);
  network_.Schedule(flows_done + meeting.latency, {kCollectiveDone, index});
}

void Executor::FinishMeeting(int index) {
  const std::vector<std::pair<int, int>> members = std::move(meetings_[index].members);
  for (const auto& [worker, op] : members) Finish(worker, op);
}

const CollectivePlan& Executor::PlanOf(int group, int spec) {
  const auto [it, is_new] = plans_.try_emplace({group, spec});
  if (is_new) {
    for (int part = 0; part < PartsOf(program_, program_.groups[group]); ++part) {
      GroupPlacement placement = PlaceGroup(program_, fleet_, program_.groups[group], part);
      placement.hop_latency = network_.MeanHopLatency(placement.hosts);
      it->second = SideBySide(it->second, PlanSpec(program_.collectives[spec], placement));
    }
  }
  return it->second;
}

}  // namespace fleetsim
