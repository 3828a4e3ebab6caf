// Energy, carbon and money of a serving run, and what of them input and output tokens take.
#ifndef SIM_INFERENCE_SERVING_CHARGES_H_
#define SIM_INFERENCE_SERVING_CHARGES_H_

#include <optional>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/economics/economics.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/inference/pool_use.h"
#include "sim/inference/serving_plan.h"

namespace fleetsim {

struct ServingEnergyParts {
  Joules prefill, decode;  // accelerators in steps
  Joules waiting;          // accelerators between steps
  Joules servers, network, facility;

  Joules Total() const { return prefill + decode + waiting + servers + network + facility; }
};

// Prompts' and outputs' parts of an amount; they sum to it.
template <class T>
struct ByPhase {
  T prefill{}, decode{};
};

// An absent figure is unknown: `missing` says why.
struct ServingCharges {
  std::optional<ServingEnergyParts> energy;
  std::optional<double> carbon_g;
  CostParts owned;  // for the run's time
  std::optional<Usd> rented, capex;
  std::optional<Watts> provisioned_power;  // of IT at full load
  std::optional<ByPhase<Joules>> phase_energy;
  std::optional<ByPhase<Usd>> phase_owned, phase_rented;
  std::vector<Assumption> assumptions;
  std::vector<MissingFigure> missing;
};

// `duration`: of the whole run. Energy of a pool is divided by the energy of its steps, its money
// by their time. Instances that autoscaling has off draw nothing and are not rented, but are owned.
// Errors: as ComputeEconomics.
absl::StatusOr<ServingCharges> ChargeServing(const ServingPlan& plan,
                                             const std::vector<PoolUse>& uses, Seconds duration,
                                             const Fleet& fleet, const Catalog& catalog,
                                             const EconomicsOptions& options);

}  // namespace fleetsim

#endif  // SIM_INFERENCE_SERVING_CHARGES_H_
