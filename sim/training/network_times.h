// Communication times of a step's patterns: each run once on the simulated network, all replicas at
// the same time.
#ifndef SIM_TRAINING_NETWORK_TIMES_H_
#define SIM_TRAINING_NETWORK_TIMES_H_

#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "sim/base/status.h"
#include "sim/engine/simulation.h"
#include "sim/hardware/fleet.h"
#include "sim/parallel/placement.h"
#include "sim/training/lowering.h"
#include "sim/training/spec.h"

namespace fleetsim {

class PatternTimes {
 public:
  // The arguments must outlive this.
  PatternTimes(const TrainingSpec& spec, const Placement& placement, const WorkerKinds& kinds,
               const Fleet& fleet, Simulation& simulation);

  // All groups of the kind at once: sets how long they take and what passes the NICs of the stage's
  // host. Zero after a failure, which status() then tells.
  void Collective(GroupKind kind, int stage, CollectiveSpec& collective);
  // Every replica's transfer between the two stages at once.
  Seconds Transfer(int from_stage, int to_stage, Bytes bytes);

  // All groups' exchange at once: how long it takes those of the stage that have workers of the
  // kind (of the stage, where none has).
  Communication Exchange(int stage, int kind, const RankExchange& exchange);

  const absl::Status& status() const { return status_; }

 private:
  // Duration of a pattern, and what each host sends in it.
  struct Measured {
    Seconds duration;
    std::map<int, Bytes> sent;
  };

  const Measured& Measure(GroupKind kind, const CollectiveSpec& collective);
  Seconds Run(const std::vector<CollectivePlan>& plans);
  // By group, in the order of GroupsOf.
  const std::vector<Communication>& ExchangeOfGroups(const RankExchange& exchange);
  CollectivePlan PlanExchange(const RankExchange& exchange, const Group& group) const;
  CollectivePlan PlanRing(Bytes bytes, const Group& group) const;

  const TrainingSpec& spec_;
  const Placement& placement_;
  const Fleet& fleet_;
  Simulation& simulation_;
  Program workers_;                // all replicas' workers, without ops
  const std::vector<int>& kinds_;  // by worker
  std::map<GroupKind, std::vector<GroupPlacement>> places_;
  std::map<RankExchange, std::vector<Communication>> exchanges_;
  std::map<
      std::tuple<GroupKind, CollectiveKind, double, int, std::optional<ExpertExchange>, double>,
      Measured>
      collectives_;
  absl::Status status_;
};

}  // namespace fleetsim

#endif  // SIM_TRAINING_NETWORK_TIMES_H_
