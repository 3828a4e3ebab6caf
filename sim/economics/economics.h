// Energy, carbon, money and space of a job: a pure function of the simulated step, the fleet, the
// catalog and the user's overrides. Formulas and what is charged to whom: docs/economics.md.
#ifndef SIM_ECONOMICS_ECONOMICS_H_
#define SIM_ECONOMICS_ECONOMICS_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/economics/options.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/program/program.h"
#include "sim/training/result.h"

namespace fleetsim {

// Energy by where it goes. Parts sum to the total.
struct EnergyParts {
  std::array<Joules, kActivities> accelerators{};  // by what they do meanwhile
  Joules servers;                                  // CPUs, memory, fans, NICs, scale-up switches
  Joules network;                                  // scale-out switch ports and transceivers
  Joules facility;  // cooling and power distribution: (PUE - 1) x all of the above

  Joules Accelerators() const {
    Joules sum;
    for (Joules part : accelerators) sum += part;
    return sum;
  }
  Joules It() const { return Accelerators() + servers + network; }
  Joules Total() const { return It() + facility; }
};

// Money by what it pays for. An absent part has no known price: so has the total then.
struct CostParts {
  std::optional<Usd> accelerators;  // depreciation over the job's time, as the next three
  std::optional<Usd> servers;
  std::optional<Usd> network;
  std::optional<Usd> storage;
  std::optional<Usd> hosting;      // space, cooling plant, staff
  std::optional<Usd> maintenance;  // spare parts and support
  std::optional<Usd> energy;

  std::optional<Usd> Total() const;
};

// The rest of the fleet while the job runs. Not part of the job's figures.
struct UnusedShare {
  int accelerators = 0;
  std::optional<Joules> energy;
  std::optional<Usd> cost;  // of owning and powering it
};

// A figure that cannot be given.
struct MissingFigure {
  std::string what;  // "cost of owning"
  std::string why;   // "no price of accelerator kunlun-p800 is known: --accelerator-price-usd"
};

struct EconomicsResult {
  double steps = 1;  // 1 where the job states no tokens
  Seconds duration;  // of all steps
  double tokens = 0;
  int accelerators = 0, hosts = 0;  // that the job occupies

  std::optional<EnergyParts> energy;
  std::optional<Watts> mean_power;         // of the facility
  std::optional<Watts> provisioned_power;  // of IT at full load: what has to be installed
  std::optional<double> carbon_g;
  std::optional<Usd> capex;  // purchase price of what the job occupies
  CostParts owned;
  std::optional<Usd> rented;
  bool prefer_rented = false;  // which of the two Cost() is
  std::optional<double> racks;
  std::optional<double> floor_space_m2;
  UnusedShare unused;

  std::vector<Assumption> assumptions;
  std::vector<MissingFigure> missing;

  std::optional<Usd> Cost() const { return prefer_rented ? rented : owned.Total(); }
};

// What is charged and to whom.
struct EconomicsInput {
  const StepResult* step = nullptr;
  const Fleet* fleet = nullptr;
  const Catalog* catalog = nullptr;
  std::optional<double> tokens;  // of the whole run; absent: one step
  // Accelerators that the job uses in each leaf of the fleet; empty: the first ones in file order.
  std::vector<int> leaf_accelerators;
  // Of the run with its interruptions, which `step`'s activities are a share of as well; absent:
  // the steps one after another.
  std::optional<Seconds> calendar;
};

// Errors: an option out of range, an unknown prices entry.
absl::StatusOr<EconomicsResult> ComputeEconomics(const EconomicsInput& input,
                                                 const EconomicsOptions& options);

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_ECONOMICS_H_
