#include "sim/economics/energy.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/economics/power.h"

namespace fleetsim {
namespace {

double PowerUsageEffectiveness(const Site& site, const EconomicsOptions& options, Notes& notes) {
  const double pue = options.pue.value_or(site.pue);
  notes.State(absl::StrFormat("PUE of %s: %.2f", site.id, pue),
              options.pue ? "--pue" : "platform file or its region's catalog entry");
  return pue;
}

std::string NoRegion(const Site& site, absl::string_view what, absl::string_view flag) {
  return site.region == nullptr
             ? absl::StrCat("site ", site.id, " names no region: add <prop id=\"region\" .../> or ",
                            flag)
             : absl::StrCat("region ", site.region->name, " has no ", what, ": give ", flag);
}

}  // namespace

std::optional<SharePower> ShareEnergy(const Share& share,
                                      const std::array<Seconds, kActivities>& activities,
                                      Seconds duration, const EconomicsOptions& options,
                                      Notes& notes) {
  const std::optional<AcceleratorPower> accelerator = PowerOf(*share.leaf, notes);
  if (!accelerator) return std::nullopt;
  const ServerPower server = ServerPowerOf(*share.leaf, *share.site, *accelerator, notes);
  const Watts network = NetworkPowerOf(*share.leaf, notes);
  const double pue = PowerUsageEffectiveness(*share.site, options, notes);

  Seconds span;
  for (Seconds part : activities) span += part;
  SharePower result;
  for (int i = 0; i < kActivities; ++i) {
    const Seconds time = span > Seconds(0) ? duration * (activities[i] / span) : Seconds(0);
    result.used.accelerators[i] = share.used * (accelerator->activity[i] * time);
  }
  const double domains = share.UsedDomains();
  result.used.servers = domains * server.At(accelerator->Load(activities)) * duration;
  result.used.network = domains * network * duration;
  result.used.facility = (pue - 1) * result.used.It();
  result.full_per_accelerator =
      accelerator->full + (server.full + network) / share.leaf->accelerators;
  result.full_accelerator = accelerator->full;
  result.full_server = server.full;
  result.unused =
      pue * duration *
      (share.unused * accelerator->idle + share.UnusedDomains() * (server.idle + network));
  return result;
}

std::optional<UsdPerJoule> ElectricityPrice(const Site& site, const EconomicsOptions& options,
                                            Notes& notes) {
  if (options.electricity_usd_per_kwh) {
    notes.State(absl::StrFormat("electricity: %.4g USD/kWh", *options.electricity_usd_per_kwh),
                "--electricity-usd-per-kwh");
    return UsdPerJoule(*options.electricity_usd_per_kwh / kJoulesPerKwh);
  }
  if (site.region == nullptr || site.region->electricity_usd_per_kwh <= 0) {
    notes.Miss("cost of owning",
               NoRegion(site, "electricity_usd_per_kwh", "--electricity-usd-per-kwh"));
    return std::nullopt;
  }
  notes.Cite(absl::StrFormat("electricity of %s: %.4g USD/kWh", site.region->name,
                             site.region->electricity_usd_per_kwh),
             site.region->evidence, "electricity_usd_per_kwh");
  return UsdPerJoule(site.region->electricity_usd_per_kwh / kJoulesPerKwh);
}

std::optional<double> CarbonGramsPerJoule(const Site& site, const EconomicsOptions& options,
                                          Notes& notes) {
  if (options.carbon_g_per_kwh) {
    notes.State(absl::StrFormat("carbon of electricity: %.4g g/kWh", *options.carbon_g_per_kwh),
                "--carbon-g-per-kwh");
    return *options.carbon_g_per_kwh / kJoulesPerKwh;
  }
  if (site.region == nullptr || site.region->carbon_g_per_kwh <= 0) {
    notes.Miss("carbon", NoRegion(site, "carbon_g_per_kwh", "--carbon-g-per-kwh"));
    return std::nullopt;
  }
  notes.Cite(absl::StrFormat("carbon of electricity of %s: %.4g g/kWh", site.region->name,
                             site.region->carbon_g_per_kwh),
             site.region->evidence, "carbon_g_per_kwh");
  return site.region->carbon_g_per_kwh / kJoulesPerKwh;
}

}  // namespace fleetsim
