#include "sim/economics/cost.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fleetsim {
namespace {

constexpr double kMonthsPerYear = 12.0;
constexpr double kWattsPerKilowatt = 1000.0;

// The user's number or the entry's. Zero in the entry means that it says nothing.
double Rate(const std::optional<double>& own, double entry, const Prices& prices,
            absl::string_view flag, absl::string_view field, absl::string_view what, Notes& notes) {
  if (own) {
    notes.State(absl::StrFormat("%s: %.6g", what, *own), absl::StrCat("--", flag));
    return *own;
  }
  if (entry > 0) {
    notes.Cite(absl::StrFormat("%s: %.6g", what, entry), prices.evidence, field);
    return entry;
  }
  notes.Assume(absl::StrCat(what, ": not charged"), "assumed",
               absl::StrCat("prices entry ", prices.name, " has no ", field));
  return 0.0;
}

double Utilization(const EconomicsOptions& options, Notes& notes) {
  if (options.utilization_ratio) {
    notes.State(
        absl::StrFormat("hardware at work for %.2f of its life", *options.utilization_ratio),
        "--utilization-ratio");
  } else {
    notes.Assume("hardware at work for all of its life", "assumed",
                 "give --utilization-ratio to charge the job for idle times too");
  }
  return options.utilization_ratio.value_or(1.0);
}

}  // namespace

std::optional<Usd> CostParts::Total() const {
  Usd sum;
  for (const std::optional<Usd>& part :
       {accelerators, servers, network, storage, hosting, maintenance, energy}) {
    if (!part) return std::nullopt;
    sum += *part;
  }
  return sum;
}

void AddCost(CostParts& sum, const CostParts& part) {
  Add(sum.accelerators, part.accelerators);
  Add(sum.servers, part.servers);
  Add(sum.network, part.network);
  Add(sum.storage, part.storage);
  Add(sum.hosting, part.hosting);
  Add(sum.maintenance, part.maintenance);
  Add(sum.energy, part.energy);
}

OwningRates OwningRatesOf(const Prices& prices, Seconds span, const EconomicsOptions& options,
                          Notes& notes) {
  const double years = span.value() / (kHoursPerYear * kSecondsPerHour);
  const double charged_years = years / Utilization(options, notes);
  OwningRates rates;
  const double life = options.depreciation_years.value_or(prices.depreciation_years);
  if (life > 0) {
    Rate(options.depreciation_years, prices.depreciation_years, prices, "depreciation-years",
         "depreciation_years", "years of straight-line depreciation", notes);
    rates.depreciation = charged_years / life;
  } else {
    notes.Miss("cost of owning", absl::StrCat("prices entry ", prices.name,
                                              " has no depreciation_years: give "
                                              "--depreciation-years"));
  }
  rates.maintenance =
      charged_years * Rate(options.maintenance_ratio_per_year, prices.maintenance_ratio_per_year,
                           prices, "maintenance-ratio-per-year", "maintenance_ratio_per_year",
                           "maintenance, share of the purchase price a year", notes);
  rates.hosting_usd_per_w = charged_years * kMonthsPerYear / kWattsPerKilowatt *
                            Rate(options.hosting_usd_per_kw_month, prices.hosting_usd_per_kw_month,
                                 prices, "hosting-usd-per-kw-month", "hosting_usd_per_kw_month",
                                 "hosting, USD a month per kW of installed IT", notes);
  rates.storage_per_accelerator =
      Usd(Rate(options.storage_usd_per_accelerator, prices.storage_per_accelerator.value(), prices,
               "storage-usd-per-accelerator", "storage_usd_per_accelerator",
               "storage, USD of purchase price an accelerator", notes));
  return rates;
}

OwnedShare OwnShare(const DomainPrice& price, double domains, int accelerators,
                    std::optional<Watts> provisioned, const OwningRates& rates) {
  OwnedShare share;
  Usd known;
  bool complete = true;
  const auto depreciate = [&](const std::optional<Usd>& bought, double count,
                              std::optional<Usd>& part) {
    if (bought) known += *bought * count;
    complete = complete && bought.has_value();
    if (bought && rates.depreciation) part = *bought * (count * *rates.depreciation);
  };
  depreciate(price.accelerators, domains, share.cost.accelerators);
  depreciate(price.servers, domains, share.cost.servers);
  depreciate(price.network, domains, share.cost.network);
  depreciate(rates.storage_per_accelerator, accelerators, share.cost.storage);
  if (complete) {
    share.capex = known;
    share.cost.maintenance = known * rates.maintenance;
  }
  if (provisioned) share.cost.hosting = Usd(provisioned->value() * rates.hosting_usd_per_w);
  return share;
}

}  // namespace fleetsim
