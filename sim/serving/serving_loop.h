// The events of a serving simulation. Time and flows are the network's; state is the instances'.
#ifndef SIM_SERVING_SERVING_LOOP_H_
#define SIM_SERVING_SERVING_LOOP_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/engine/network.h"
#include "sim/serving/deployment.h"
#include "sim/serving/instance.h"
#include "sim/serving/record.h"
#include "sim/serving/request_source.h"
#include "sim/serving/router.h"
#include "sim/serving/sequence.h"
#include "sim/serving/transfer.h"

namespace fleetsim {

class ServingLoop : public EventListener {
 public:
  // The deployment makes sense (CheckDeployment).
  ServingLoop(Network& network, const Deployment& deployment, RequestSource& source);

  absl::StatusOr<ServingRecord> Run();
  void OnEvent(const Event& event) override;

 private:
  // Subject and detail: an instance and, where a step is concerned, its lane and epoch.
  enum EventKind {
    kBegin,
    kArrival,
    kWake,
    kStepEnd,
    kStageFree,
    kFlowEnd,
    kDeath,
    kRepair,
    kDecide,  // subject: a pool
    kUp,      // has started
  };

  static constexpr int kLanes = 1024;  // a lane and an epoch go in one number

  // -- Requests: serving_loop.cc.
  void Begin();
  void TakeArrivals();
  void ScheduleArrival();
  void Admit(int id);
  bool QueueIsFull() const;
  void Route(Router& router, int id);
  void RouteHeld(Router& router);
  void Assign(Instance& instance, int id);
  void Close(int id);
  void Refuse(int id, std::int64_t* count);
  absl::Status Unserved() const;

  // -- Instances: instance_events.cc.
  void Wake(Instance& instance);
  void ReserveRoom(Instance& instance);
  void Advance(Instance& instance);
  static int Detail(const Instance& instance, int lane) { return instance.epoch * kLanes + lane; }
  void EndStep(Instance& instance, int lane);
  void BeginTransfer(int id);
  void EndTransfer(const Event& event);
  void Die(Instance& instance, Seconds repair);
  void Forsake(int id, Instance& dead);
  void GoUp(Instance& instance);
  void GoOff(Instance& instance, Seconds date);
  void OffIfDrained(Instance& instance);

  // -- Autoscaling: autoscaling.cc.
  void DecideSize(int pool);
  void Grow(int pool, int by);
  void Shrink(int pool, int by);
  double PoolRequests(int pool);

  bool Over();
  // Dates count from the run's beginning: several runs follow each other on one network.
  Seconds Now() const { return network_.Now() - origin_; }
  void At(Seconds date, const Event& event) { network_.Schedule(origin_ + date, event); }

  Network& network_;
  Seconds origin_;
  const Deployment& deployment_;
  RequestSource& source_;
  SequenceTable sequences_;
  std::vector<std::unique_ptr<Instance>> instances_;
  std::vector<int> pool_begin_;  // index of each pool's first instance, and the end
  std::unique_ptr<Router> front_, decode_;
  KvTransfers transfers_;
  std::int64_t arrivals_ = 0;
  Seconds next_arrival_ = kNever;  // for which an alarm is set
  StepOutcome outcome_;
  std::vector<int> ids_;
  ServingRecord record_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_SERVING_LOOP_H_
