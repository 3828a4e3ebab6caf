// One engine instance: attention ranks in lockstep, and as many micro-batches in flight as its
// pipeline has stages.
#ifndef SIM_SERVING_INSTANCE_H_
#define SIM_SERVING_INSTANCE_H_

#include <optional>
#include <vector>

#include "sim/serving/deployment.h"
#include "sim/serving/rank.h"
#include "sim/serving/record.h"

namespace fleetsim {

enum class ServiceState {
  kOff,
  kStarting,
  kServing,
  kDraining,  // takes no more requests and goes off after the last one
  kDead,
  kGone,  // dead, and never repaired
};

// A step that has begun.
struct StartedStep {
  int lane = 0;
  Seconds end;   // its tokens are there
  Seconds next;  // the first stage is free again
};

class Instance {
 public:
  // The pool's `place`-th instance, and the deployment's `index`-th.
  Instance(const Pool& pool, int pool_index, int index, int place, SequenceTable& sequences);

  // -- Requests come and go.
  void Enqueue(int id, Seconds now);
  void Reserve(Seconds now, std::vector<int>* begin);
  void Arrive(int id);
  void Abandon(int id, Seconds now);
  void Sent(int id, Seconds now);
  // It dies or goes off: all that is here leaves unfinished.
  void Drain(Seconds now, std::vector<int>* lost);

  // -- Steps.
  // A step could begin now, if there were one.
  bool Ready(Seconds now) const;
  // Begins the next step, if there is one to begin now.
  std::optional<StartedStep> Start(Seconds now);
  void Finish(int lane, Seconds now, StepOutcome* outcome);

  // Moves its clock: until now everything was as it is.
  void Settle(Seconds now);

  // -- For routers.
  bool Fits(const Request& request) const;
  RankLoad load() const;
  int requests() const { return requests_; }
  int waiting() const;
  int CachedTokens(const Request& request) const;
  std::int64_t UsedBlocks() const;

  const Pool& pool() const { return pool_; }
  int index() const { return index_; }
  const std::vector<int>& hosts() const { return pool_.instances[place_]; }
  InstanceRecord& record() { return record_; }

  ServiceState state = ServiceState::kServing;
  Seconds on_since;
  bool wake_set = false;  // an alarm to begin a step
  int epoch = 0;          // counts deaths: what was begun before is void

 private:
  // One micro-batch: a step of each rank. Loads lie together, as the step model takes them.
  struct MicroBatch {
    std::vector<RankStep> ranks;
    bool in_flight = false;
  };
  void Deliver(int id);  // to the idlest rank
  // Looks for requests only now and then. Of a decode pool transfers do.
  bool Polls() const { return pool_.engine.poll_steps > 1 && pool_.role != PoolRole::kDecode; }
  void Poll(bool idle);  // delivers what has arrived, if it is time to look
  void CountUnpolled(const MicroBatch& batch);
  bool Fill(int lane, Seconds now);
  Seconds Price(const MicroBatch& batch);
  Seconds TakeCounts(Rank& rank);
  void CountStep(const StepCost& cost, Seconds swapping);
  StartedStep Occupy(int lane, Seconds now, Seconds duration);

  const Pool& pool_;
  int index_, place_;
  SequenceTable& sequences_;
  std::vector<Rank> ranks_;
  std::vector<MicroBatch> batches_;  // one for each lane
  std::vector<Seconds> stage_free_;
  std::vector<StepLoad> loads_;
  std::vector<int> inbox_;  // arrived since the engine last looked
  int unpolled_steps_ = 0;
  int next_lane_ = 0, requests_ = 0;
  InstanceRecord record_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_INSTANCE_H_
