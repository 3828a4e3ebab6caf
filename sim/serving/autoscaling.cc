// Instances follow the load: as many as bring unfinished requests to the target for each.
#include <algorithm>
#include <cmath>

#include "sim/serving/serving_loop.h"

namespace fleetsim {

namespace {

bool CountsAsOn(const Instance& instance) {
  return instance.state == ServiceState::kServing || instance.state == ServiceState::kStarting;
}

}  // namespace

double ServingLoop::PoolRequests(int pool) {
  const bool decodes = deployment_.pools[pool].role == PoolRole::kDecode;
  double sum = (decodes ? *decode_ : *front_).held().size();
  for (int i = pool_begin_[pool]; i < pool_begin_[pool + 1]; ++i) sum += instances_[i]->requests();
  return sum;
}

void ServingLoop::DecideSize(int pool) {
  const Autoscaling& scaling = deployment_.pools[pool].autoscaling;
  const int most = deployment_.pools[pool].size();
  const int wanted = static_cast<int>(
      std::clamp(std::ceil(PoolRequests(pool) / scaling.target_requests),
                 static_cast<double>(scaling.min_instances), static_cast<double>(most)));
  int on = 0, gone = 0;
  for (int i = pool_begin_[pool]; i < pool_begin_[pool + 1]; ++i) {
    on += CountsAsOn(*instances_[i]);
    gone += instances_[i]->state == ServiceState::kGone;
  }
  if (wanted > on) Grow(pool, wanted - on);
  const bool idle = PoolRequests(pool) < on * scaling.drain_requests;
  if (wanted < on && idle) Shrink(pool, on - wanted);
  if (gone == most) return;
  At(Now() + scaling.interval, {kDecide, pool});
}

// Those that are draining come back at once; others have to start.
void ServingLoop::Grow(int pool, int by) {
  for (int i = pool_begin_[pool]; i < pool_begin_[pool + 1] && by > 0; ++i) {
    if (instances_[i]->state != ServiceState::kDraining) continue;
    instances_[i]->state = ServiceState::kServing;
    --by;
  }
  for (int i = pool_begin_[pool]; i < pool_begin_[pool + 1] && by > 0; ++i) {
    Instance& instance = *instances_[i];
    if (instance.state != ServiceState::kOff) continue;
    instance.state = ServiceState::kStarting;
    instance.on_since = Now();
    At(Now() + deployment_.pools[pool].autoscaling.startup, {kUp, i});
    --by;
  }
  RouteHeld(*front_);
  RouteHeld(*decode_);
}

// The idlest ones take no more requests and go off when their last one has ended.
void ServingLoop::Shrink(int pool, int by) {
  for (; by > 0; --by) {
    Instance* idlest = nullptr;
    for (int i = pool_begin_[pool]; i < pool_begin_[pool + 1]; ++i) {
      Instance* instance = instances_[i].get();
      if (instance->state != ServiceState::kServing) continue;
      if (idlest == nullptr || instance->requests() < idlest->requests()) idlest = instance;
    }
    if (idlest == nullptr) return;
    idlest->state = ServiceState::kDraining;
    OffIfDrained(*idlest);
  }
}

}  // namespace fleetsim
