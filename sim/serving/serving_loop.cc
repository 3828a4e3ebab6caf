#include "sim/serving/serving_loop.h"

#include <utility>

#include "sim/base/check.h"
#include "sim/engine/settings.h"
#include "sim/serving/serve.h"

namespace fleetsim {

absl::StatusOr<ServingRecord> Serve(Network& network, const Deployment& deployment,
                                    RequestSource& source) {
  RETURN_IF_ERROR(CheckDeployment(deployment));
  ServingLoop loop(network, deployment, source);
  return loop.Run();
}

ServingLoop::ServingLoop(Network& network, const Deployment& deployment, RequestSource& source)
    : network_(network),
      origin_(network.Now()),
      deployment_(deployment),
      source_(source),
      transfers_(network, kFlowEnd) {
  std::vector<Instance*> front, decode;
  for (std::size_t p = 0; p < deployment.pools.size(); ++p) {
    const Pool& pool = deployment.pools[p];
    pool_begin_.push_back(static_cast<int>(instances_.size()));
    for (int place = 0; place < pool.size(); ++place) {
      const int index = static_cast<int>(instances_.size());
      instances_.push_back(
          std::make_unique<Instance>(pool, static_cast<int>(p), index, place, sequences_));
      (pool.role == PoolRole::kDecode ? decode : front).push_back(instances_.back().get());
    }
  }
  pool_begin_.push_back(static_cast<int>(instances_.size()));
  front_ = std::make_unique<Router>(deployment.router, std::move(front));
  decode_ = std::make_unique<Router>(deployment.router, std::move(decode));
}

absl::StatusOr<ServingRecord> ServingLoop::Run() {
  RETURN_IF_ERROR(network_.Run(*this, {kBegin}));
  RETURN_IF_ERROR(source_.status());
  RETURN_IF_ERROR(Unserved());
  for (auto& instance : instances_) {
    FLEETSIM_CHECK(instance->requests() == 0 && instance->UsedBlocks() == 0);
    if (instance->state != ServiceState::kOff) GoOff(*instance, record_.end);
    record_.instances.push_back(std::move(instance->record()));
  }
  return std::move(record_);
}

void ServingLoop::OnEvent(const Event& event) {
  if (event.kind == kBegin) return Begin();
  if (event.kind == kArrival) return TakeArrivals();
  if (event.kind == kFlowEnd) return EndTransfer(event);
  if (Over()) return;  // an outage or a decision after the last request
  if (event.kind == kDecide) return DecideSize(event.subject);
  Instance& instance = *instances_[event.subject];
  if (event.kind == kDeath) return Die(instance, deployment_.outages[event.detail].repair);
  if (event.kind == kRepair || event.kind == kUp) return GoUp(instance);
  if (event.kind == kWake) {
    instance.wake_set = false;
    return Advance(instance);
  }
  if (event.detail / kLanes != instance.epoch) return;
  if (event.kind == kStepEnd) return EndStep(instance, event.detail % kLanes);
  Advance(instance);  // kStageFree
}

bool ServingLoop::Over() { return sequences_.live() == 0 && source_.NextArrival() == kNever; }

void ServingLoop::Begin() {
  for (std::size_t i = 0; i < deployment_.outages.size(); ++i) {
    const Outage& outage = deployment_.outages[i];
    At(outage.date, {kDeath, outage.instance, static_cast<int>(i)});
  }
  for (std::size_t p = 0; p < deployment_.pools.size(); ++p) {
    const Autoscaling& scaling = deployment_.pools[p].autoscaling;
    if (scaling.min_instances == 0) continue;
    for (int i = pool_begin_[p] + scaling.min_instances; i < pool_begin_[p + 1]; ++i) {
      instances_[i]->state = ServiceState::kOff;
    }
    At(Now() + scaling.interval, {kDecide, static_cast<int>(p)});
  }
  ScheduleArrival();
}

void ServingLoop::ScheduleArrival() {
  const Seconds date = source_.NextArrival();
  if (!(date < next_arrival_)) return;
  next_arrival_ = date;
  At(date, {kArrival});
}

void ServingLoop::TakeArrivals() {
  next_arrival_ = kNever;
  while (source_.NextArrival() <= Now() + Seconds(kClockPrecision_s)) {
    const int id = sequences_.Add();
    Sequence& sequence = sequences_[id];
    source_.Take(&sequence.request);
    sequence.key = {QueueOrderOf(deployment_.pools[0].engine.order).rank(sequence.request),
                    arrivals_++};
    Admit(id);
  }
  ScheduleArrival();
}

void ServingLoop::Admit(int id) {
  const Request& request = sequences_[id].request;
  if (!front_->Fits(request) || (!decode_->empty() && !decode_->Fits(request))) {
    return Refuse(id, &record_.too_long);
  }
  if (QueueIsFull()) return Refuse(id, &record_.refused);
  Route(*front_, id);
}

bool ServingLoop::QueueIsFull() const {
  if (deployment_.router.max_waiting == 0) return false;
  int waiting = front_->held().size();
  for (const Instance* instance : front_->instances()) waiting += instance->waiting();
  return waiting >= deployment_.router.max_waiting;
}

// Whoever was held before goes first, unless the order says otherwise.
void ServingLoop::Route(Router& router, int id) {
  if (!router.held().empty()) {
    router.held().Push(id, sequences_[id].key);
    return RouteHeld(router);
  }
  Instance* instance = router.Choose(sequences_[id].request);
  if (instance == nullptr) return router.held().Push(id, sequences_[id].key);
  Assign(*instance, id);
}

void ServingLoop::RouteHeld(Router& router) {
  while (!router.held().empty()) {
    const int id = router.held().first();
    Instance* instance = router.Choose(sequences_[id].request);
    if (instance == nullptr) return;
    router.held().Pop();
    Assign(*instance, id);
  }
}

void ServingLoop::Assign(Instance& instance, int id) {
  instance.Enqueue(id, Now());
  Wake(instance);
}

void ServingLoop::Close(int id) {
  const Sequence& sequence = sequences_[id];
  const Request& request = sequence.request;
  record_.end = Now();
  record_.requests.Add({.id = request.id,
                        .arrival = request.arrival,
                        .scheduled = sequence.scheduled,
                        .first_token = sequence.first_token,
                        .end = Now(),
                        .input_tokens = request.input_tokens,
                        .output_tokens = request.output_tokens,
                        .cached_tokens = sequence.cached_tokens,
                        .preemptions = sequence.preemptions,
                        .retries = sequence.retries,
                        .instance = sequence.here.instance});
  source_.OnEnd(request.id, Now());
  sequences_.Remove(id);
}

void ServingLoop::Refuse(int id, std::int64_t* count) {
  ++*count;
  source_.OnEnd(sequences_[id].request.id, Now());
  sequences_.Remove(id);
}

absl::Status ServingLoop::Unserved() const {
  if (sequences_.live() == 0) return absl::OkStatus();
  return Infeasible(absl::StrCat(sequences_.live(), " requests are left at ", Now().value(),
                                 " s and no instance will ever serve them"));
}

}  // namespace fleetsim
