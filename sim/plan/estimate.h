// A training step's time in closed form, from the same kernel and collective models: what search
// ranks strategies by before the simulator judges the best of them.
#ifndef SIM_PLAN_ESTIMATE_H_
#define SIM_PLAN_ESTIMATE_H_

#include <map>
#include <tuple>

#include "sim/base/units.h"
#include "sim/collective/collective.h"
#include "sim/hardware/fleet.h"
#include "sim/training/lowering.h"
#include "sim/training/replica_sharding.h"
#include "sim/training/spec.h"
#include "sim/training/stage_cost.h"

namespace fleetsim {

// Slowest stage x micro-batches, the schedule's bubble, what the last backward and the first
// forward pass do not hide of the replicas' collectives, optimizer. A stage's pass counts its
// exchange with experts, and what sharded weights gather and reduce, where that takes longer than
// what it runs beside. `hardware` of the fleet's first leaf; the network idle and without
// contention. Keeps what strategies have in common: all specs are of one model, stack, precision
// and recomputation.
class StepEstimator {
 public:
  // `fleet` must outlive this.
  StepEstimator(const WorkerHardware& hardware, const Fleet& fleet);

  Seconds Step(const TrainingSpec& spec);

 private:
  // Of all of a rank's chunks for one micro-batch.
  struct StagePass {
    Seconds forward, backward;  // computation; `backward` with both gradients
    Seconds weights;            // of it, those of the weights, where the schedule splits it
    Seconds forward_exchange, backward_exchange;  // with experts
    HeldParameters trained, weight_bytes;
    int layers = 0;
    Seconds Total() const { return forward + backward; }
  };

  StagePass PassOfStage(const TrainingSpec& spec, int stage);
  // With what runs beside it or after it.
  StagePass Exposed(const TrainingSpec& spec, StagePass pass);
  Seconds Exchange(const TrainingSpec& spec, const ExpertExchanges& exchanges);
  Seconds GroupTime(const TrainingSpec& spec, GroupKind group, CollectiveSpec collective);
  Seconds Gather(const TrainingSpec& spec, const HeldParameters& bytes, int pieces);
  Seconds Reduce(const TrainingSpec& spec, const HeldParameters& parameters, int pieces);
  Seconds Tail(const TrainingSpec& spec, const StagePass& pass);
  Seconds DualPipeStep(const TrainingSpec& spec);

  // The first group of the kind, as Placement would lay it out on hosts.
  const GroupPlacement& GroupOf(const TrainingSpec& spec, GroupKind group);

  using LayerKey = std::tuple<int, int, int, int, int, int, bool, bool, double>;
  using GroupKey = std::tuple<int, int, int, int, int, int>;

  const WorkerHardware hardware_;
  const Fleet& fleet_;
  std::map<LayerKey, LayerCosts> layers_;
  std::map<GroupKey, GroupPlacement> groups_;
};

// Of one strategy.
Seconds EstimateStep(const TrainingSpec& spec, const WorkerHardware& hardware, const Fleet& fleet);

}  // namespace fleetsim

#endif  // SIM_PLAN_ESTIMATE_H_
