// What happens to instances: steps, transfers between them, deaths, starts and stops.
#include <algorithm>

#include "sim/serving/serving_loop.h"

namespace fleetsim {

// A step that can begin now begins after all that happens at this moment: requests that arrive
// together are in one batch.
void ServingLoop::Wake(Instance& instance) {
  ReserveRoom(instance);
  if (instance.wake_set || !instance.Ready(Now())) return;
  instance.wake_set = true;
  At(Now(), {kWake, instance.index()});
}

void ServingLoop::ReserveRoom(Instance& instance) {
  if (instance.pool().role != PoolRole::kDecode) return;
  ids_.clear();
  instance.Reserve(Now(), &ids_);
  for (const int id : ids_) BeginTransfer(id);
}

void ServingLoop::Advance(Instance& instance) {
  ReserveRoom(instance);
  while (const auto step = instance.Start(Now())) {
    At(step->end, {kStepEnd, instance.index(), Detail(instance, step->lane)});
    if (step->next < step->end) {
      At(step->next, {kStageFree, instance.index(), Detail(instance, step->lane)});
    }
  }
}

void ServingLoop::EndStep(Instance& instance, int lane) {
  outcome_.ended.clear();
  outcome_.prefilled.clear();
  instance.Finish(lane, Now(), &outcome_);
  for (const int id : outcome_.ended) Close(id);
  for (const int id : outcome_.prefilled) Route(*decode_, id);
  Advance(instance);
  if (outcome_.ended.empty()) return;
  ScheduleArrival();
  RouteHeld(instance.pool().role == PoolRole::kDecode ? *decode_ : *front_);
  OffIfDrained(instance);
}

void ServingLoop::BeginTransfer(int id) {
  const Sequence& sequence = sequences_[id];
  Instance& from = *instances_[sequence.origin.instance];
  const Bytes bytes = static_cast<double>(sequence.target) * from.pool().engine.kv_token;
  ++record_.transfers;
  record_.transferred += bytes;
  transfers_.Start(id, bytes, from, *instances_[sequence.here.instance]);
}

void ServingLoop::EndTransfer(const Event& event) {
  const int id = transfers_.Land(event);
  if (id < 0) return;
  Instance& from = *instances_[sequences_[id].origin.instance];
  Instance& to = *instances_[sequences_[id].here.instance];
  from.Sent(id, Now());
  // Whoever decodes hands out the first token too (SGLang, Dynamo's TensorRT-LLM and vLLM workers).
  sequences_[id].first_token = Now();
  to.Arrive(id);
  Wake(to);
  Wake(from);
  RouteHeld(*front_);
  OffIfDrained(from);
}

void ServingLoop::Die(Instance& instance, Seconds repair) {
  if (instance.state != ServiceState::kServing && instance.state != ServiceState::kDraining) return;
  std::vector<int> lost;
  instance.Drain(Now(), &lost);
  instance.state = repair < kNever ? ServiceState::kDead : ServiceState::kGone;
  if (repair < kNever) At(Now() + repair, {kRepair, instance.index()});
  ++instance.record().deaths;
  for (const int id : lost) Forsake(id, instance);
  // In order of arrival, not of where they were.
  std::sort(lost.begin(), lost.end(),
            [&](int a, int b) { return sequences_[a].key.order < sequences_[b].key.order; });
  for (const int id : lost) Route(*front_, id);
  // Those at the other end of a broken transfer have room again.
  for (const auto& other : instances_) Wake(*other);
  RouteHeld(*front_);
}

// Of a sequence that died with an instance: what it has elsewhere, and all its progress.
void ServingLoop::Forsake(int id, Instance& dead) {
  Sequence& sequence = sequences_[id];
  if (sequence.origin.instance == dead.index()) {
    if (sequence.here.instance >= 0) {
      instances_[sequence.here.instance]->Abandon(id, Now());
    } else {
      decode_->held().Remove(id);
    }
  } else if (sequence.origin.instance >= 0) {
    instances_[sequence.origin.instance]->Sent(id, Now());
  }
  if (sequence.reserved) transfers_.Cancel(id);
  sequence.state = SequenceState::kWaiting;
  sequence.here.instance = sequence.origin.instance = -1;
  sequence.here.blocks = sequence.origin.blocks = 0;
  sequence.place = {};
  sequence.reserved = false;
  sequence.computed = sequence.generated = sequence.chunks_in_flight = 0;
  ++sequence.retries;
  ++record_.retries;
}

void ServingLoop::GoUp(Instance& instance) {
  if (instance.state != ServiceState::kDead && instance.state != ServiceState::kStarting) return;
  instance.state = ServiceState::kServing;
  RouteHeld(*front_);
  RouteHeld(*decode_);
}

void ServingLoop::GoOff(Instance& instance, Seconds date) {
  instance.Settle(date);
  instance.record().on += Max(Seconds(), date - instance.on_since);
  instance.state = ServiceState::kOff;
}

void ServingLoop::OffIfDrained(Instance& instance) {
  if (instance.state == ServiceState::kDraining && instance.requests() == 0) GoOff(instance, Now());
}

}  // namespace fleetsim
