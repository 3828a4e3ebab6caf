// Communication times of a folded step: each pattern run once on the simulated network, all
// replicas at the same time.
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
  PatternTimes(const TrainingSpec& spec, const Placement& placement, const Fleet& fleet,
               Simulation& simulation);

  // All groups of the kind at once: sets how long they take and what passes the NICs of the stage's
  // host. Zero after a failure, which status() then tells.
  void Collective(GroupKind kind, int stage, CollectiveSpec& collective);
  // Every replica's transfer between the two stages at once.
  Seconds Transfer(int from_stage, int to_stage, Bytes bytes);

  const absl::Status& status() const { return status_; }

 private:
  // Duration of a pattern, and what each host sends in it.
  struct Measured {
    Seconds duration;
    std::map<int, Bytes> sent;
  };

  const Measured& Measure(GroupKind kind, const CollectiveSpec& collective);
  Seconds Run(const std::vector<CollectivePlan>& plans);

  const TrainingSpec& spec_;
  const Placement& placement_;
  const Fleet& fleet_;
  Simulation& simulation_;
  Program workers_;  // all replicas' workers, without ops
  std::map<GroupKind, std::vector<GroupPlacement>> places_;
  std::map<
      std::tuple<GroupKind, CollectiveKind, double, int, std::optional<ExpertExchange>, double>,
      Measured>
      collectives_;
  absl::Status status_;
};

}  // namespace fleetsim

#endif  // SIM_TRAINING_NETWORK_TIMES_H_
