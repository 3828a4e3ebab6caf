#include "sim/platform/spec_text.h"

#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/base/nearest.h"
#include "sim/platform/quantity.h"

namespace fleetsim {

namespace {

constexpr double kMetresPerKilometre = 1000.0;

// The keys and values of one line; each getter leaves its field alone where the key is absent.
class KeyValues {
 public:
  static absl::StatusOr<KeyValues> Parse(absl::string_view flag, absl::string_view text,
                                         const std::vector<std::string>& known) {
    KeyValues result;
    result.flag_ = std::string(flag);
    for (const absl::string_view pair : absl::StrSplit(text, ',')) {
      const std::vector<std::string> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
      if (parts.size() != 2 || parts[1].empty()) {
        return result.Error(std::string(pair), "is no key=value pair", "server=hgx-h20,hosts=512");
      }
      if (std::count(known.begin(), known.end(), parts[0]) == 0) {
        return result.Error(parts[0], "is no key", DidYouMean(parts[0], known));
      }
      if (!result.values_.emplace(parts[0], parts[1]).second) {
        return result.Error(parts[0], "is there twice", "once");
      }
    }
    return result;
  }

  absl::Status Error(const std::string& key, absl::string_view found,
                     absl::string_view expected) const {
    return InputError({.file = flag_, .field = key}, found, expected);
  }

  void Text(const char* key, std::string& field) const {
    const auto found = values_.find(key);
    if (found != values_.end()) field = found->second;
  }

  absl::Status Count(const char* key, int& field) const {
    const auto found = values_.find(key);
    if (found == values_.end() || absl::SimpleAtoi(found->second, &field)) return absl::OkStatus();
    return Error(key, absl::StrFormat("is \"%s\"", found->second), "a whole number");
  }

  absl::Status Number(const char* key, double& field) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return absl::OkStatus();
    if (absl::SimpleAtod(found->second, &field) && std::isfinite(field)) return absl::OkStatus();
    return Error(key, absl::StrFormat("is \"%s\"", found->second), "a number");
  }

  template <class T>
  absl::Status Quantity(const char* key, absl::StatusOr<T> (*parse)(absl::string_view),
                        T& field) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return absl::OkStatus();
    const absl::StatusOr<T> value = parse(found->second);
    if (!value.ok()) return Error(key, value.status().message(), "");
    field = *value;
    return absl::OkStatus();
  }

  template <class T>
  absl::Status Entry(const char* key,
                     absl::StatusOr<const T*> (*find)(const Catalog&, absl::string_view),
                     const Catalog& catalog, const T*& field) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return absl::OkStatus();
    const absl::StatusOr<const T*> entry = find(catalog, found->second);
    if (!entry.ok()) return Error(key, entry.status().message(), "");
    field = *entry;
    return absl::OkStatus();
  }

 private:
  std::string flag_;
  std::map<std::string, std::string> values_;
};

}  // namespace

absl::StatusOr<PoolSpec> ParsePool(absl::string_view flag, absl::string_view text,
                                   const Catalog& catalog) {
  ASSIGN_OR_RETURN(
      const KeyValues values,
      KeyValues::Parse(flag, text,
                       {"server", "accelerator", "hosts", "fabric", "nics", "leaf", "pod",
                        "oversubscription", "pod-oversubscription", "speed", "power-cap", "site"}));
  PoolSpec pool;
  RETURN_IF_ERROR(values.Entry("server", &FindServer, catalog, pool.server));
  RETURN_IF_ERROR(values.Entry("accelerator", &FindAccelerator, catalog, pool.accelerator));
  RETURN_IF_ERROR(values.Entry("fabric", &FindFabric, catalog, pool.fabric));
  RETURN_IF_ERROR(values.Count("hosts", pool.hosts));
  RETURN_IF_ERROR(values.Count("nics", pool.nics));
  RETURN_IF_ERROR(values.Count("leaf", pool.hosts_per_leaf));
  RETURN_IF_ERROR(values.Count("pod", pool.leaves_per_pod));
  RETURN_IF_ERROR(values.Number("oversubscription", pool.leaf_oversubscription));
  RETURN_IF_ERROR(values.Number("pod-oversubscription", pool.pod_oversubscription));
  RETURN_IF_ERROR(values.Quantity("speed", &ParseSpeed, pool.speed));
  RETURN_IF_ERROR(values.Number("power-cap", pool.power_cap_w));
  values.Text("site", pool.site);
  return pool;
}

absl::StatusOr<SiteSpec> ParseSite(absl::string_view flag, absl::string_view text,
                                   const Catalog& catalog) {
  ASSIGN_OR_RETURN(const KeyValues values,
                   KeyValues::Parse(flag, text, {"name", "region", "pue", "cooling"}));
  SiteSpec site;
  values.Text("name", site.name);
  values.Text("cooling", site.cooling);
  RETURN_IF_ERROR(values.Entry("region", &FindRegion, catalog, site.region));
  RETURN_IF_ERROR(values.Number("pue", site.pue));
  return site;
}

absl::StatusOr<WanSpec> ParseWan(absl::string_view flag, absl::string_view text,
                                 const Catalog& catalog) {
  ASSIGN_OR_RETURN(const KeyValues values,
                   KeyValues::Parse(flag, text, {"from", "to", "fabric", "bandwidth", "km"}));
  WanSpec wan;
  values.Text("from", wan.from);
  values.Text("to", wan.to);
  RETURN_IF_ERROR(values.Entry("fabric", &FindFabric, catalog, wan.fabric));
  RETURN_IF_ERROR(values.Quantity("bandwidth", &ParseBandwidth, wan.bandwidth));
  double km = 0.0;
  RETURN_IF_ERROR(values.Number("km", km));
  wan.distance_m = km * kMetresPerKilometre;
  return wan;
}

absl::StatusOr<SlowHostSpec> ParseSlowHost(absl::string_view flag, absl::string_view text) {
  ASSIGN_OR_RETURN(const KeyValues values, KeyValues::Parse(flag, text, {"host", "speed"}));
  SlowHostSpec slow;
  values.Text("host", slow.host);
  RETURN_IF_ERROR(values.Number("speed", slow.speed));
  return slow;
}

}  // namespace fleetsim
