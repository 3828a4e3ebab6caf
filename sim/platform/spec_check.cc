#include "sim/platform/spec_check.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/base/nearest.h"
#include "sim/platform/quantity.h"

namespace fleetsim {

namespace {

// A SimGrid engine of a million hosts needs gigabytes; nobody has more.
constexpr int kMaxHosts = 1000000;

absl::Status SpecError(absl::string_view field, absl::string_view found,
                       absl::string_view expected) {
  return InputError({.file = "platform", .field = std::string(field)}, found, expected);
}

absl::Status CheckName(absl::string_view field, const std::string& name) {
  const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
  if (good) return absl::OkStatus();
  return SpecError(field, absl::StrFormat("is \"%s\"", name), "letters, digits, '-', '_' and '.'");
}

absl::Status CheckAccelerator(const PoolSpec& pool) {
  const std::vector<std::string>& taken = pool.server->accelerator_names;
  if (std::count(taken.begin(), taken.end(), pool.accelerator->name) == 0) {
    return SpecError("accelerator",
                     absl::StrFormat("\"%s\" does not go into server \"%s\"",
                                     pool.accelerator->name, pool.server->name),
                     absl::StrCat("it takes ", absl::StrJoin(taken, ", ")));
  }
  const Accelerator& accelerator = *pool.accelerator;
  const Watts cap(pool.power_cap_w);
  if (pool.power_cap_w != 0.0 && (pool.speed.value() > 0.0 || !(cap <= accelerator.tdp) ||
                                  !(CappedClock(accelerator, cap) > 0.0))) {
    return SpecError("power-cap", absl::StrFormat("is %g W", pool.power_cap_w),
                     absl::StrFormat("without speed, above the idle power and at most the TDP of "
                                     "\"%s\", %.0f W",
                                     accelerator.name, accelerator.tdp.value()));
  }
  const FlopsPerSecond nominal = NominalSpeed(accelerator);
  if (!(pool.speed.value() >= 0.0) || pool.speed > nominal || nominal.value() <= 0.0) {
    return SpecError("speed", absl::StrCat("is ", SpeedText(pool.speed)),
                     absl::StrFormat("at most the BF16 peak of \"%s\", %s", pool.accelerator->name,
                                     SpeedText(nominal)));
  }
  return absl::OkStatus();
}

absl::Status CheckSizes(const PoolSpec& pool) {
  if (pool.hosts < 1 || pool.hosts > kMaxHosts) {
    return SpecError("hosts", absl::StrFormat("is %d", pool.hosts), "1 to 1,000,000");
  }
  if (pool.hosts_per_leaf < 1) {
    return SpecError("leaf", absl::StrFormat("is %d", pool.hosts_per_leaf),
                     "hosts under one leaf, at least 1");
  }
  if (pool.leaves_per_pod < 0) {
    return SpecError("pod", absl::StrFormat("is %d", pool.leaves_per_pod),
                     "leaves of one pod, or 0 for none");
  }
  for (const double ratio : {pool.leaf_oversubscription, pool.pod_oversubscription}) {
    if (!(ratio > 0.0 && ratio <= 1000.0)) {
      return SpecError("oversubscription", absl::StrFormat("is %g", ratio),
                       "bandwidth below a switch over bandwidth above it: 2 for 2:1");
    }
  }
  return absl::OkStatus();
}

absl::Status CompleteNetwork(PoolSpec& pool) {
  if (pool.fabric->kind != FabricKind::kScaleOut) {
    return SpecError("fabric", absl::StrFormat("\"%s\" joins no servers", pool.fabric->name),
                     "a scale-out fabric of the catalog");
  }
  if (pool.nics < 0) {
    return SpecError("nics", absl::StrFormat("is %d", pool.nics),
                     "the scale-out ports of one host");
  }
  if (pool.nics == 0) pool.nics = pool.server->nics;
  if (pool.nics < 1) {
    return SpecError(
        "nics", absl::StrFormat("is missing, and server \"%s\" states none", pool.server->name),
        "the scale-out ports of one host");
  }
  return absl::OkStatus();
}

absl::Status CompletePool(PoolSpec& pool, const PlatformSpec& spec) {
  if (pool.server == nullptr) return SpecError("server", "is missing", "a server of the catalog");
  if (pool.fabric == nullptr) {
    return SpecError("fabric", "is missing", "a scale-out fabric of the catalog");
  }
  if (pool.accelerator == nullptr) {
    return SpecError(
        "accelerator",
        absl::StrFormat("is missing, and server \"%s\" takes several", pool.server->name),
        absl::StrCat("one of ", absl::StrJoin(pool.server->accelerator_names, ", ")));
  }
  if (pool.site.empty()) pool.site = spec.sites.front().name;
  std::vector<std::string> sites;
  for (const SiteSpec& site : spec.sites) sites.push_back(site.name);
  if (std::count(sites.begin(), sites.end(), pool.site) == 0) {
    return SpecError("site", absl::StrFormat("\"%s\" is not described", pool.site),
                     DidYouMean(pool.site, sites));
  }
  RETURN_IF_ERROR(CheckAccelerator(pool));
  RETURN_IF_ERROR(CheckSizes(pool));
  RETURN_IF_ERROR(CompleteNetwork(pool));
  if (pool.power_cap_w > 0.0) {
    pool.speed =
        CappedClock(*pool.accelerator, Watts(pool.power_cap_w)) * NominalSpeed(*pool.accelerator);
  }
  if (pool.speed.value() <= 0.0) pool.speed = NominalSpeed(*pool.accelerator);
  return absl::OkStatus();
}

absl::Status CompleteWan(WanSpec& wan, const PlatformSpec& spec) {
  for (const std::string& end : {wan.from, wan.to}) {
    const bool known = std::any_of(spec.sites.begin(), spec.sites.end(),
                                   [&end](const SiteSpec& site) { return site.name == end; });
    if (!known) {
      return SpecError("wan", absl::StrFormat("site \"%s\" is not described", end), "a site");
    }
  }
  if (wan.from == wan.to) return SpecError("wan", "joins a site to itself", "two sites");
  if (wan.fabric == nullptr || wan.fabric->kind != FabricKind::kWan) {
    return SpecError("wan", "has no WAN fabric", "a fabric of kind WAN of the catalog");
  }
  if (!(wan.distance_m > 0.0 && wan.distance_m < 1e8)) {
    return SpecError("wan", absl::StrFormat("is %g m long", wan.distance_m),
                     "the length of the fibre");
  }
  if (wan.bandwidth.value() <= 0.0) wan.bandwidth = wan.fabric->port_bandwidth;
  return absl::OkStatus();
}

absl::Status CheckSlowHosts(const PlatformSpec& spec) {
  std::set<std::string> hosts;
  for (const SlowHostSpec& slow : spec.slow_hosts) {
    RETURN_IF_ERROR(CheckName("slow host", slow.host));
    if (!(slow.speed > 0.0 && slow.speed < 1.0)) {
      return SpecError("slow speed", absl::StrFormat("is %g", slow.speed),
                       "between 0 and 1, of the nominal speed");
    }
    if (!hosts.insert(slow.host).second) {
      return SpecError("slow host", absl::StrFormat("\"%s\" is there twice", slow.host), "once");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSites(const PlatformSpec& spec) {
  std::set<std::string> names = {spec.name};
  if (spec.sites.size() == 1) names.clear();
  for (const SiteSpec& site : spec.sites) {
    RETURN_IF_ERROR(CheckName("site", site.name));
    if (!names.insert(site.name).second) {
      return SpecError("site", absl::StrFormat("\"%s\" is there twice", site.name),
                       "a name of its own for each site and for the platform");
    }
    if (site.pue != 0.0 && !(site.pue >= 1.0 && site.pue <= 4.0)) {
      return SpecError("pue", absl::StrFormat("is %g", site.pue), "1 to 4");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlatformSpec> CompleteSpec(PlatformSpec spec) {
  RETURN_IF_ERROR(CheckName("name", spec.name));
  if (spec.sites.empty()) spec.sites.push_back({.name = spec.name});
  RETURN_IF_ERROR(CheckSites(spec));
  RETURN_IF_ERROR(CheckSlowHosts(spec));
  if (spec.pools.empty()) return SpecError("hosts", "are missing", "at least one kind of server");
  for (PoolSpec& pool : spec.pools) RETURN_IF_ERROR(CompletePool(pool, spec));
  for (WanSpec& wan : spec.wans) RETURN_IF_ERROR(CompleteWan(wan, spec));
  return spec;
}

}  // namespace fleetsim
