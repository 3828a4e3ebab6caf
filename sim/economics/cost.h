// What owning or renting a job's share of the fleet costs for a span of time.
#ifndef SIM_ECONOMICS_COST_H_
#define SIM_ECONOMICS_COST_H_

#include <optional>

#include "sim/base/units.h"
#include "sim/economics/economics.h"
#include "sim/economics/notes.h"
#include "sim/economics/price.h"

namespace fleetsim {

// Adds what may be unknown: a sum with an unknown part is unknown.
template <class T>
void Add(std::optional<T>& sum, const std::optional<T>& part) {
  if (!part) {
    sum.reset();
  } else if (sum) {
    *sum = *sum + *part;
  }
}
void AddCost(CostParts& sum, const CostParts& part);

// Rates that turn a purchase price and a power into money for the span.
struct OwningRates {
  std::optional<double> depreciation;  // share of the purchase price used up; absent: years unknown
  double maintenance = 0.0;            // share of the purchase price
  double hosting_usd_per_w = 0.0;      // of provisioned IT power
  Usd storage_per_accelerator;         // purchase price
};
OwningRates OwningRatesOf(const Prices& prices, Seconds span, const EconomicsOptions& options,
                          Notes& notes);

// Cost of `accelerators` accelerators of a domain, and of `domains` of it: the two differ where a
// domain is shared. `provisioned` is their IT power at full load, empty where unknown; energy is
// left to the caller. Also their purchase price.
struct OwnedShare {
  CostParts cost;
  std::optional<Usd> capex;
};
OwnedShare OwnShare(const DomainPrice& price, double domains, int accelerators,
                    std::optional<Watts> provisioned, const OwningRates& rates);

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_COST_H_
