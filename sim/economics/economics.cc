#include "sim/economics/economics.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/economics/cost.h"
#include "sim/economics/energy.h"
#include "sim/economics/notes.h"
#include "sim/economics/power.h"
#include "sim/economics/price.h"
#include "sim/economics/shares.h"
#include "sim/economics/space.h"

namespace fleetsim {
namespace {

void AddEnergy(EnergyParts& sum, const EnergyParts& part) {
  for (int i = 0; i < kActivities; ++i) sum.accelerators[i] += part.accelerators[i];
  sum.servers += part.servers;
  sum.network += part.network;
  sum.facility += part.facility;
}

// Everything at zero: what shares are added to.
EconomicsResult Zero() {
  EconomicsResult result;
  const Usd none;
  result.energy = EnergyParts();
  result.mean_power = result.provisioned_power = Watts(0);
  result.carbon_g = result.racks = result.floor_space_m2 = 0.0;
  result.capex = result.rented = none;
  result.owned = {none, none, none, none, none, none, none};
  result.unused = {0, Joules(0), none};
  return result;
}

// The parts of one computation that every share needs.
struct Context {
  const EconomicsInput& input;
  const EconomicsOptions& options;
  const Prices& prices;
  const OwningRates& rates;
  Notes& notes;
};

void AddSharePower(const Context& context, const Share& share,
                   const std::optional<SharePower>& power, EconomicsResult& result) {
  if (!power) {
    result.energy.reset();
    result.provisioned_power.reset();
    result.carbon_g.reset();
    return;
  }
  if (result.energy) AddEnergy(*result.energy, power->used);
  Add<Watts>(result.provisioned_power, share.used * power->full_per_accelerator);
  if (share.used == 0) return;
  const auto grams = CarbonGramsPerJoule(*share.site, context.options, context.notes);
  Add<double>(result.carbon_g,
              grams ? std::optional<double>(*grams * power->used.Total().value()) : std::nullopt);
}

void AddShareCost(const Context& context, const Share& share,
                  const std::optional<SharePower>& power, EconomicsResult& result) {
  const DomainPrice price = DomainPriceOf(*share.leaf, context.options, context.notes);
  OwnedShare owned = OwnShare(
      price, share.UsedDomains(), share.used,
      power ? std::optional<Watts>(share.used * power->full_per_accelerator) : std::nullopt,
      context.rates);
  const auto electricity = ElectricityPrice(*share.site, context.options, context.notes);
  if (electricity && power) owned.cost.energy = *electricity * power->used.Total();
  AddCost(result.owned, owned.cost);
  Add(result.capex, owned.capex);

  const auto rent = RentOf(*share.leaf, context.options, context.notes);
  Add<Usd>(result.rented,
           rent ? std::optional<Usd>(share.used * (*rent * result.duration)) : std::nullopt);
}

void AddShareSpace(const Context& context, const Share& share,
                   const std::optional<SharePower>& power, EconomicsResult& result) {
  std::optional<Watts> host_power;
  if (power) host_power = share.leaf->accelerators * power->full_per_accelerator;
  const Space space = SpaceOf(*share.leaf, share.OccupiedHosts(), host_power, context.prices,
                              context.options, context.notes);
  Add(result.racks, space.racks);
  Add(result.floor_space_m2, space.floor_space_m2);
}

// What the leaf's other accelerators cost meanwhile: the price of owning them, at idle power.
void AddUnused(const Context& context, const Share& share, const std::optional<SharePower>& power,
               UnusedShare& unused) {
  if (share.unused == 0) return;
  unused.accelerators += share.unused;
  Add<Joules>(unused.energy, power ? std::optional<Joules>(power->unused) : std::nullopt);
  const DomainPrice price = DomainPriceOf(*share.leaf, context.options, context.notes);
  std::optional<Watts> provisioned;
  if (power) provisioned = share.unused * power->full_per_accelerator;
  OwnedShare owned =
      OwnShare(price, share.UnusedDomains(), share.unused, provisioned, context.rates);
  const auto electricity = ElectricityPrice(*share.site, context.options, context.notes);
  if (electricity && power) owned.cost.energy = *electricity * power->unused;
  Add(unused.cost, owned.cost.Total());
}

void AddShare(const Context& context, const Share& share, EconomicsResult& result) {
  const auto power = ShareEnergy(share, context.input.step->activities, result.duration,
                                 context.options, context.notes);
  AddUnused(context, share, power, result.unused);
  if (share.used == 0) return;
  result.accelerators += share.used;
  result.hosts += share.OccupiedHosts();
  AddSharePower(context, share, power, result);
  AddShareCost(context, share, power, result);
  AddShareSpace(context, share, power, result);
}

// Steps of a run of so many tokens: the last one is a whole one too.
double Steps(const StepResult& step, const std::optional<double>& tokens) {
  constexpr double kRounding = 1e-9;  // an exact multiple is not one more
  return tokens ? Max(1.0, std::ceil(*tokens / step.tokens * (1 - kRounding))) : 1.0;
}

}  // namespace

absl::StatusOr<EconomicsResult> ComputeEconomics(const EconomicsInput& input,
                                                 const EconomicsOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(const Prices* prices, FindPrices(*input.catalog, options.prices));

  EconomicsResult result = Zero();
  result.prefer_rented = options.rented;
  result.steps = Steps(*input.step, input.tokens);
  result.duration = input.calendar.value_or(result.steps * input.step->duration);
  result.tokens = result.steps * input.step->tokens;

  Notes notes;
  if (input.tokens && !input.calendar) {
    notes.Assume("the run is not interrupted: no failures, no waiting for checkpoints", "assumed",
                 "give the job a reliability {} or the command --seeds");
  }
  const OwningRates rates = OwningRatesOf(*prices, result.duration, options, notes);
  const Context context{input, options, *prices, rates, notes};
  for (const Share& share :
       SharesOf(*input.fleet, input.step->accelerators, input.leaf_accelerators)) {
    AddShare(context, share, result);
  }
  result.mean_power.reset();
  if (result.energy) result.mean_power = result.energy->Total() / result.duration;
  result.assumptions = notes.TakeAssumptions();
  result.missing = notes.TakeMissing();
  return result;
}

}  // namespace fleetsim
