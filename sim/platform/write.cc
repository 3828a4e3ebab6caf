#include "sim/platform/write.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/platform/leaf_reader.h"
#include "sim/platform/quantity.h"
#include "sim/platform/spec_check.h"

namespace fleetsim {

namespace {

// A zone that is being written: its children, then the links and routes that join them. SimGrid's
// document type wants routes last.
struct ZoneText {
  std::string elements, routes;
  int indent = 2;

  void Add(absl::string_view line) { elements += std::string(indent, ' ') + std::string(line); }
  void AddRoute(absl::string_view line) { routes += std::string(indent, ' ') + std::string(line); }
};

// Where a child zone hangs, and how it leaves it.
struct Child {
  std::string id, gateway;
  BytesPerSecond below;  // of everything under it
};

class PlatformWriter {
 public:
  PlatformWriter(const PlatformSpec& spec, const Catalog& catalog)
      : spec_(spec), catalog_(catalog) {}

  absl::StatusOr<std::string> Write() {
    ZoneText world;
    if (several_sites()) {
      for (const SiteSpec& site : spec_.sites) RETURN_IF_ERROR(WriteSite(site, world));
      for (const WanSpec& wan : spec_.wans) WriteWan(wan, world);
      const std::string body = world.elements + world.routes;
      return Head() + absl::StrFormat("<zone id=\"%s\" routing=\"Floyd\">\n", spec_.name) + body +
             "</zone>\n</platform>\n";
    }
    world.indent = 0;
    RETURN_IF_ERROR(WriteSite(spec_.sites.front(), world));
    return Head() + world.elements + "</platform>\n";
  }

 private:
  bool several_sites() const { return spec_.sites.size() > 1; }

  std::string Head() const {
    std::vector<std::string> pools;
    for (const PoolSpec& pool : spec_.pools) {
      pools.push_back(absl::StrFormat("%d x %s (%d x %s) on %s", pool.hosts, pool.server->name,
                                      pool.server->accelerators, pool.accelerator->name,
                                      pool.fabric->name));
    }
    return "<?xml version='1.0'?>\n"
           "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
           "<!-- Written by `fleetsim platform new`: " +
           absl::StrJoin(pools, "; ") + ". -->\n<platform version=\"4.1\">\n";
  }

  absl::Status WriteSite(const SiteSpec& site, ZoneText& world) {
    ZoneText zone;
    zone.indent = world.indent + 2;
    const std::string prefix = several_sites() ? site.name + "_" : "";
    const Child core = {prefix + "core", prefix + "core_switch", BytesPerSecond()};
    int leaves = 0;
    for (const PoolSpec& pool : spec_.pools) {
      if (pool.site == site.name) leaves += LeavesOf(pool);
    }
    // A site of one leaf needs no core, unless others have to reach it.
    const bool has_core = leaves > 1 || several_sites();
    if (has_core) WriteRouter(core, zone);
    for (const PoolSpec& pool : spec_.pools) {
      if (pool.site == site.name) {
        RETURN_IF_ERROR(WritePool(pool, prefix, has_core ? &core : nullptr, zone));
      }
    }
    world.Add(absl::StrFormat("<zone id=\"%s\" routing=\"Floyd\">\n", site.name));
    world.elements += SiteProperties(site, zone.indent) + zone.elements + zone.routes;
    // Profiles find their hosts wherever they stand.
    if (&site == &spec_.sites.front()) world.elements += SlowHosts(zone.indent);
    world.Add("</zone>\n");
    return absl::OkStatus();
  }

  std::string SlowHosts(int indent) const {
    std::string text;
    for (std::size_t i = 0; i < spec_.slow_hosts.size(); ++i) {
      const SlowHostSpec& slow = spec_.slow_hosts[i];
      const std::string margin(indent, ' ');
      absl::StrAppend(&text, margin,
                      absl::StrFormat("<trace id=\"slow_%d\" periodicity=\"-1\">0 %g</trace>\n", i,
                                      slow.speed));
      absl::StrAppend(
          &text, margin,
          absl::StrFormat("<trace_connect kind=\"SPEED\" trace=\"slow_%d\" element=\"%s\"/>\n", i,
                          slow.host));
    }
    return text;
  }

  static std::string SiteProperties(const SiteSpec& site, int indent) {
    std::string text;
    const auto add = [&](absl::string_view id, absl::string_view value) {
      absl::StrAppend(&text, std::string(indent, ' '), "<prop id=\"", id, "\" value=\"", value,
                      "\"/>\n");
    };
    if (site.region != nullptr) add("region", site.region->name);
    if (site.pue > 0.0) add("pue", absl::StrFormat("%g", site.pue));
    if (!site.cooling.empty()) add("cooling", site.cooling);
    return text;
  }

  static void WriteRouter(const Child& router, ZoneText& zone) {
    zone.Add(absl::StrFormat("<zone id=\"%s\" routing=\"Full\"><router id=\"%s\"/></zone>\n",
                             router.id, router.gateway));
  }

  static int LeavesOf(const PoolSpec& pool) {
    return (pool.hosts + pool.hosts_per_leaf - 1) / pool.hosts_per_leaf;
  }

  absl::Status WritePool(const PoolSpec& pool, const std::string& prefix, const Child* core,
                         ZoneText& site) {
    const int leaves = LeavesOf(pool);
    const int per_pod = pool.leaves_per_pod > 0 ? pool.leaves_per_pod : leaves;
    for (int first = 0; first < leaves; first += per_pod) {
      const int last = std::min(first + per_pod, leaves);
      if (pool.leaves_per_pod == 0) {
        RETURN_IF_ERROR(WriteLeaves(pool, first, last, prefix, core, site).status());
      } else {
        RETURN_IF_ERROR(WritePod(pool, first, last, prefix, core, site));
      }
    }
    return absl::OkStatus();
  }

  absl::Status WritePod(const PoolSpec& pool, int first, int last, const std::string& prefix,
                        const Child* core, ZoneText& site) {
    const std::string id = absl::StrCat(prefix, "pod", pods_++);
    const Child spine = {id + "_spine", id + "_spine_switch", BytesPerSecond()};
    ZoneText zone;
    zone.indent = site.indent + 2;
    WriteRouter(spine, zone);
    ASSIGN_OR_RETURN(const BytesPerSecond below,
                     WriteLeaves(pool, first, last, prefix, &spine, zone));
    site.Add(absl::StrFormat("<zone id=\"%s\" routing=\"Floyd\">\n", id));
    site.elements += zone.elements + zone.routes;
    site.Add("</zone>\n");
    if (core != nullptr) {
      WriteUplink({id, spine.gateway, below}, pool.pod_oversubscription, *pool.fabric, *core, site);
    }
    return absl::OkStatus();
  }

  // Returns the bandwidth of all their uplinks.
  absl::StatusOr<BytesPerSecond> WriteLeaves(const PoolSpec& pool, int first, int last,
                                             const std::string& prefix, const Child* above,
                                             ZoneText& zone) {
    BytesPerSecond uplinks;
    for (int i = first; i < last; ++i) {
      const int hosts = std::min(pool.hosts_per_leaf, pool.hosts - i * pool.hosts_per_leaf);
      const std::string id = absl::StrCat(prefix, "leaf", leaves_++);
      RETURN_IF_ERROR(WriteLeaf(pool, id, hosts, zone));
      if (above == nullptr) continue;
      const BytesPerSecond below = HostBandwidth(pool) * hosts;
      uplinks += WriteUplink({id, id + "_switch", below}, pool.leaf_oversubscription, *pool.fabric,
                             *above, zone);
    }
    return uplinks;
  }

  static BytesPerSecond HostBandwidth(const PoolSpec& pool) {
    return PortBandwidth(*pool.server, *pool.fabric) * pool.nics;
  }

  absl::Status WriteLeaf(const PoolSpec& pool, const std::string& id, int hosts, ZoneText& zone) {
    const BytesPerSecond loopback = ScaleUpBandwidth(*pool.server, *pool.accelerator);
    if (loopback.value() <= 0.0) {
      return InputError(
          {.file = "platform", .field = "server"},
          absl::StrFormat("\"%s\" has no scale-up bandwidth in the catalog", pool.server->name),
          "scale_up_bandwidth_bytes_per_s in its entry");
    }
    Seconds loopback_latency;
    if (!pool.server->scale_up_fabric.empty()) {
      ASSIGN_OR_RETURN(const Fabric* scale_up, FindFabric(catalog_, pool.server->scale_up_fabric));
      loopback_latency = scale_up->base_latency;
    }
    int& next_host = next_host_[pool.server->name];
    // Half of a message's end-to-end latency and of the leaf switch's on each side of the switch.
    const Seconds latency = (pool.fabric->base_latency + pool.fabric->hop_latency) / 2.0;
    zone.Add(absl::StrFormat(
        "<cluster id=\"%s\" prefix=\"%s-\" radical=\"%d-%d\" suffix=\"\" router_id=\"%s_switch\"\n",
        id, pool.server->name, next_host, next_host + hosts - 1, id));
    zone.Add(absl::StrFormat("         speed=\"%s\" core=\"%d\" bw=\"%s\" lat=\"%s\"\n",
                             SpeedText(pool.speed), pool.server->accelerators,
                             BandwidthText(HostBandwidth(pool)), TimeText(latency)));
    zone.Add(absl::StrFormat(
        "         sharing_policy=\"SPLITDUPLEX\" loopback_bw=\"%s\" loopback_lat=\"%s\">\n",
        BandwidthText(loopback), TimeText(loopback_latency)));
    WriteLeafProperties(pool, zone);
    zone.Add("</cluster>\n");
    next_host += hosts;
    return absl::OkStatus();
  }

  static void WriteLeafProperties(const PoolSpec& pool, ZoneText& zone) {
    zone.Add(absl::StrFormat(
        "  <prop id=\"accelerator\" value=\"%s\"/><prop id=\"server\" value=\"%s\"/>\n",
        pool.accelerator->name, pool.server->name));
    zone.Add(
        absl::StrFormat("  <prop id=\"fabric\" value=\"%s\"/><prop id=\"nics\" value=\"%d\"/>\n",
                        pool.fabric->name, pool.nics));
  }

  // One link with the bandwidth of all uplinks together; each switch above adds its hop.
  static BytesPerSecond WriteUplink(const Child& child, double oversubscription,
                                    const Fabric& fabric, const Child& above, ZoneText& zone) {
    const BytesPerSecond bandwidth = child.below / oversubscription;
    WriteLink(child.id + "_uplink", bandwidth, fabric.hop_latency, zone);
    WriteRoute(child, above, child.id + "_uplink", zone);
    return bandwidth;
  }

  static void WriteLink(const std::string& id, BytesPerSecond bandwidth, Seconds latency,
                        ZoneText& zone) {
    zone.Add(absl::StrFormat(
        "<link id=\"%s\" bandwidth=\"%s\" latency=\"%s\" sharing_policy=\"SPLITDUPLEX\"/>\n", id,
        BandwidthText(bandwidth), TimeText(latency)));
  }

  static void WriteRoute(const Child& from, const Child& to, const std::string& link,
                         ZoneText& zone) {
    zone.AddRoute(
        absl::StrFormat("<zoneRoute src=\"%s\" dst=\"%s\" gw_src=\"%s\" gw_dst=\"%s\">"
                        "<link_ctn id=\"%s\" direction=\"UP\"/></zoneRoute>\n",
                        from.id, to.id, from.gateway, to.gateway, link));
  }

  static void WriteWan(const WanSpec& wan, ZoneText& world) {
    const std::string id = absl::StrCat(wan.from, "_", wan.to, "_wan");
    const Seconds propagation(wan.fabric->propagation_s_per_m * wan.distance_m);
    // Both sites' edges.
    WriteLink(id, wan.bandwidth, propagation + wan.fabric->hop_latency * 2.0, world);
    WriteRoute({wan.from, wan.from + "_core_switch", {}}, {wan.to, wan.to + "_core_switch", {}}, id,
               world);
  }

  const PlatformSpec& spec_;
  const Catalog& catalog_;
  int leaves_ = 0, pods_ = 0;
  std::map<std::string, int> next_host_;  // by server
};

}  // namespace

absl::StatusOr<std::string> PlatformXml(const PlatformSpec& spec, const Catalog& catalog) {
  PlatformSpec described = spec;
  for (PoolSpec& pool : described.pools) {
    if (pool.accelerator != nullptr || pool.server == nullptr ||
        pool.server->accelerator_names.size() != 1) {
      continue;
    }
    ASSIGN_OR_RETURN(pool.accelerator,
                     FindAccelerator(catalog, pool.server->accelerator_names.front()));
  }
  ASSIGN_OR_RETURN(const PlatformSpec complete, CompleteSpec(std::move(described)));
  return PlatformWriter(complete, catalog).Write();
}

}  // namespace fleetsim
