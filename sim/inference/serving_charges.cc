#include "sim/inference/serving_charges.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "sim/economics/cost.h"
#include "sim/economics/energy.h"
#include "sim/economics/power.h"
#include "sim/economics/price.h"
#include "sim/economics/shares.h"

namespace fleetsim {
namespace {

template <class T>
void AddPhases(std::optional<ByPhase<T>>& sum, const std::optional<T>& amount, double prefill) {
  if (!amount) {
    sum.reset();
  } else if (sum) {
    sum->prefill += *amount * prefill;
    sum->decode += *amount * (1 - prefill);
  }
}

// One pool under one leaf.
struct PoolCharge {
  std::optional<ServingEnergyParts> energy;
  std::optional<Watts> full_per_accelerator;  // IT at full load
};

PoolCharge EnergyOf(const PlannedPool& pool, const PoolUse& use, const Leaf& leaf, const Site& site,
                    const EconomicsOptions& options, Notes& notes) {
  const std::optional<AcceleratorPower> power = PowerOf(leaf, notes);
  if (!power) return {};
  const ServerPower server = ServerPowerOf(leaf, site, *power, notes);
  const Watts network = NetworkPowerOf(leaf, notes);
  const double pue = options.pue.value_or(site.pue);
  notes.State(absl::StrFormat("PUE of %s: %.2f", site.id, pue),
              options.pue ? "--pue" : "platform file or its region's catalog entry");
  const double accelerators = pool.AcceleratorsOfInstance();
  const double domains = accelerators / leaf.accelerators;  // of an instance
  ServingEnergyParts parts;
  parts.prefill = use.prefill.energy;
  parts.decode = use.decode.energy;
  const Seconds waiting = Max(Seconds(), use.on - (use.busy - use.swapping));
  parts.waiting = waiting * accelerators * power->activity[static_cast<int>(Activity::kIdle)];
  if (use.on > Seconds()) {
    const Joules drawn = parts.prefill + parts.decode + parts.waiting;
    const Watts mean = drawn / (use.on * accelerators);
    const Watts range = power->full - power->idle;
    const double load = range > Watts() ? std::clamp((mean - power->idle) / range, 0.0, 1.0) : 0.0;
    parts.servers = domains * server.At(load) * use.on;
    parts.network = domains * network * use.on;
  }
  parts.facility = (pue - 1) * parts.Total();
  return {parts, power->full + (server.full + network) / leaf.accelerators};
}

void AddEnergy(ServingEnergyParts& sum, const ServingEnergyParts& part) {
  sum.prefill += part.prefill;
  sum.decode += part.decode;
  sum.waiting += part.waiting;
  sum.servers += part.servers;
  sum.network += part.network;
  sum.facility += part.facility;
}

// Shares of the whole run, for pools that had nothing to do.
struct Shares {
  double time = 0.5, energy = 0.5;
};

Shares SharesOfRun(const std::vector<PoolUse>& uses) {
  PoolUse all;
  for (const PoolUse& use : uses) {
    all.prefill.time += use.prefill.time;
    all.decode.time += use.decode.time;
    all.prefill.energy += use.prefill.energy;
    all.decode.energy += use.decode.energy;
  }
  const double time = all.PrefillTimeShare(0.5);
  return {time, all.PrefillEnergyShare(time)};
}

ServingCharges Zero() {
  ServingCharges charges;
  const Usd none;
  charges.energy = ServingEnergyParts();
  charges.carbon_g = 0.0;
  charges.owned = {none, none, none, none, none, none, none};
  charges.rented = charges.capex = none;
  charges.provisioned_power = Watts();
  charges.phase_energy = ByPhase<Joules>();
  charges.phase_owned = charges.phase_rented = ByPhase<Usd>();
  return charges;
}

// What the pools have in common.
struct Charging {
  const OwningRates& rates;
  const EconomicsOptions& options;
  const Shares& shares;
  Notes& notes;
};

void AddPoolEnergy(const Charging& charging, const PoolUse& use, const Site& site,
                   const std::optional<ServingEnergyParts>& energy, ServingCharges& charges) {
  std::optional<Joules> total;
  if (energy) total = energy->Total();
  if (!energy) {
    charges.energy.reset();
  } else if (charges.energy) {
    AddEnergy(*charges.energy, *energy);
  }
  AddPhases(charges.phase_energy, total, use.PrefillEnergyShare(charging.shares.energy));
  const auto grams = CarbonGramsPerJoule(site, charging.options, charging.notes);
  std::optional<double> carbon;
  if (grams && total) carbon = *grams * total->value();
  Add(charges.carbon_g, carbon);
}

void AddPool(const Charging& charging, const PlannedPool& pool, const PoolUse& use,
             const Fleet& fleet, ServingCharges& charges) {
  const Leaf& leaf = fleet.leaves[pool.place.leaf];
  const Site& site = fleet.sites[leaf.site];
  const int accelerators = pool.Accelerators();
  const PoolCharge charge = EnergyOf(pool, use, leaf, site, charging.options, charging.notes);
  AddPoolEnergy(charging, use, site, charge.energy, charges);
  std::optional<Watts> provisioned;
  if (charge.full_per_accelerator) provisioned = accelerators * *charge.full_per_accelerator;
  Add(charges.provisioned_power, provisioned);

  const DomainPrice price = DomainPriceOf(leaf, charging.options, charging.notes);
  const double domains = static_cast<double>(accelerators) / leaf.accelerators;
  OwnedShare owned = OwnShare(price, domains, accelerators, provisioned, charging.rates);
  const auto electricity = ElectricityPrice(site, charging.options, charging.notes);
  owned.cost.energy.reset();
  if (electricity && charge.energy) owned.cost.energy = *electricity * charge.energy->Total();
  AddCost(charges.owned, owned.cost);
  Add(charges.capex, owned.capex);
  const double prefill = use.PrefillTimeShare(charging.shares.time);
  AddPhases(charges.phase_owned, owned.cost.Total(), prefill);

  const auto rent = RentOf(leaf, charging.options, charging.notes);
  std::optional<Usd> rented;
  if (rent) rented = pool.AcceleratorsOfInstance() * (*rent * use.on);
  Add(charges.rented, rented);
  AddPhases(charges.phase_rented, rented, prefill);
}

}  // namespace

absl::StatusOr<ServingCharges> ChargeServing(const ServingPlan& plan,
                                             const std::vector<PoolUse>& uses, Seconds duration,
                                             const Fleet& fleet, const Catalog& catalog,
                                             const EconomicsOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(const Prices* prices, FindPrices(catalog, options.prices));
  Notes notes;
  const OwningRates rates = OwningRatesOf(*prices, duration, options, notes);
  const Shares shares = SharesOfRun(uses);
  const Charging charging{rates, options, shares, notes};
  ServingCharges charges = Zero();
  for (std::size_t i = 0; i < uses.size(); ++i) {
    AddPool(charging, plan.pools[i], uses[i], fleet, charges);
  }
  charges.assumptions = notes.TakeAssumptions();
  charges.missing = notes.TakeMissing();
  return charges;
}

}  // namespace fleetsim
