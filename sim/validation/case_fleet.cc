#include "sim/validation/case_fleet.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <regex>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "sim/parallel/placement.h"
#include "sim/validation/case_mix.h"

namespace fleetsim {
namespace {

// Of the servers that take the accelerator: the one that the catalog names for the family, else the
// smallest that is large enough for one host's share and no family's own.
const Server* ServerFor(const Accelerator& accelerator, const std::string& family, int per_host,
                        const Catalog& catalog) {
  const Server* best = nullptr;
  for (const auto& [name, server] : catalog.servers) {
    const auto& names = server.accelerator_names;
    if (std::find(names.begin(), names.end(), accelerator.name) == names.end()) continue;
    const auto& families = server.measured_families;
    if (std::find(families.begin(), families.end(), family) != families.end()) return &server;
    if (server.accelerators < per_host || !families.empty()) continue;
    if (best == nullptr || server.accelerators < best->accelerators) best = &server;
  }
  return best;
}

struct StatedFabric {
  std::optional<int> nics;
  std::optional<double> port_bytes_per_s;
  std::optional<double> host_bytes_per_s;
};

double BytesPerSecondOf(const std::string& gigabits) { return std::stod(gigabits) * 1e9 / 8.0; }

// "8x200 Gb/s", "8x NVIDIA ConnectX-7 IB NDR 400Gb/s": of several kinds of ports, those that carry
// the most are for the accelerators; others are for storage and management.
void SetPorts(const std::string& text, StatedFabric& stated) {
  const std::regex ports("([0-9]{1,5})x ?(?:[A-Za-z][A-Za-z0-9-]* )*[(]?([0-9]+)");
  double most = 0.0;
  for (std::sregex_iterator match(text.begin(), text.end(), ports), end; match != end; ++match) {
    const int nics = std::stoi((*match)[1]);
    const double port = BytesPerSecondOf((*match)[2]);
    if (nics * port <= most) continue;
    most = nics * port;
    stated.nics = nics;
    stated.port_bytes_per_s = port;
  }
}

// "8x200 Gb/s", "1600 Gb/s per node (8x200)", "8 NICs per node", "400 Gb/s per node".
StatedFabric Stated(const std::string& text) {
  StatedFabric stated;
  SetPorts(text, stated);
  std::smatch match;
  if (stated.nics) return stated;
  if (std::regex_search(text, match, std::regex("([0-9]{1,5}) NICs per node"))) {
    stated.nics = std::stoi(match[1]);
  } else if (std::regex_search(text, match, std::regex("([0-9]+) ?Gb/s per (node|GPU)"))) {
    const double rate = BytesPerSecondOf(match[1]);
    (match[2] == "GPU" ? stated.port_bytes_per_s : stated.host_bytes_per_s) = rate;
  }
  return stated;
}

// Words of a source, and the families of fabric entries they mean.
std::string FamilyOf(const std::string& text) {
  struct Word {
    const char* word;
    const char* family;
  };
  constexpr Word kWords[] = {{"EFA", "aws-efa"},           {"Slingshot", "slingshot"},
                             {"Omni-Path", "omni-path"},   {"RoCE", "rocev2"},
                             {"ROCE", "rocev2"},           {"IB", "infiniband"},
                             {"InfiniBand", "infiniband"}, {"Ethernet", "ethernet"}};
  for (const Word& word : kWords) {
    if (absl::StrContains(text, word.word)) return word.family;
  }
  return "";
}

// The scale-out entry of the family whose port is nearest to `port` (any port where it is zero).
const Fabric* NearestFabric(const Catalog& catalog, const std::string& family, double port) {
  const Fabric* best = nullptr;
  double best_distance = 0.0;
  for (const auto& [name, fabric] : catalog.fabrics) {
    if (fabric.kind != FabricKind::kScaleOut || !absl::StartsWith(name, family)) continue;
    const double rate = fabric.port_bandwidth.value();
    const double distance = port > 0.0 && rate > 0.0 ? std::fabs(std::log(rate / port)) : 0.0;
    if (best == nullptr || distance < best_distance) {
      best = &fabric;
      best_distance = distance;
    }
  }
  return best;
}

absl::Status SetFabric(const MeasuredCase& measured, const Catalog& catalog, FleetRequest& request,
                       std::vector<std::string>& rules) {
  const StatedFabric stated = Stated(measured.fabric);
  const Server& server = *request.server;
  double port = stated.port_bytes_per_s.value_or(server.nic_bandwidth.value());
  // A source counts the ports of a node, which a rack has several of.
  request.nics = stated.nics ? *stated.nics * std::max(1, server.nodes) : std::max(1, server.nics);
  if (stated.host_bytes_per_s) {
    request.nics =
        std::min(request.nics, std::max(1, static_cast<int>(*stated.host_bytes_per_s / 12.5e9)));
    port = *stated.host_bytes_per_s / request.nics;
  }
  std::string family = FamilyOf(measured.fabric);
  if (family.empty()) {
    family = absl::StrContains(server.vendor, "Huawei") ? "rocev2" : "infiniband";
    if (request.hosts > 1) rules.push_back(absl::StrCat("fabric not stated: ", family));
  }
  request.fabric = NearestFabric(catalog, family, port);
  if (request.fabric == nullptr) {
    return absl::UnimplementedError(absl::StrCat("no '", family, "' fabric in the catalog"));
  }
  // Ports of the entry that carry the stated bandwidth.
  const double total = port * request.nics;
  request.nics =
      std::max(1, static_cast<int>(std::lround(total / request.fabric->port_bandwidth.value())));
  return absl::OkStatus();
}

// A host of the first kind, the others behind it.
absl::StatusOr<FleetRequest> MixedFleet(const MeasuredCase& measured, const Strategy& strategy,
                                        const Catalog& catalog, std::vector<std::string>& rules) {
  const std::vector<std::string> names = StageAccelerators(measured);
  const int per_host = measured.per_node.value_or(0);
  if (names.empty() || per_host != strategy.tensor ||
      per_host * static_cast<int>(names.size()) != *measured.accelerators) {
    return absl::UnimplementedError("mixed accelerators: row does not state each host's");
  }
  std::vector<FleetRequest> hosts;
  for (const std::string& name : names) {
    MeasuredCase alone = measured;
    alone.accelerator = name;
    FleetRequest host;
    ASSIGN_OR_RETURN(host.accelerator, FindAccelerator(catalog, name));
    host.server = ServerFor(*host.accelerator, measured.family, per_host, catalog);
    if (host.server == nullptr) {
      return absl::NotFoundError(absl::StrCat("no server in the catalog for ", name));
    }
    RETURN_IF_ERROR(SetFabric(alone, catalog, host, rules));
    if (const auto port = PortOfKind(measured, name)) {
      host.nics = 1;
      host.fabric = NearestFabric(catalog, FamilyOf(measured.fabric), *port);
    }
    hosts.push_back(host);
  }
  FleetRequest first = hosts.front();
  first.others.assign(hosts.begin() + 1, hosts.end());
  return first;
}

}  // namespace

absl::StatusOr<FleetRequest> FleetOf(const MeasuredCase& measured, const Strategy& strategy,
                                     const Catalog& catalog, std::vector<std::string>& rules) {
  FleetRequest request;
  if (NamesMixedAccelerators(measured)) return MixedFleet(measured, strategy, catalog, rules);
  ASSIGN_OR_RETURN(request.accelerator, FindAccelerator(catalog, measured.accelerator));
  const int total = *measured.accelerators;
  int per_host = measured.per_node.value_or(0);
  if (per_host == 0) {
    per_host = std::min(8, total);
    rules.push_back("accelerators per host not stated: 8");
  }
  per_host = std::min(per_host, total);
  request.server = ServerFor(*request.accelerator, measured.family, per_host, catalog);
  if (request.server == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no server in the catalog for ", request.accelerator->name));
  }
  // A rack that is one scale-up domain is one host, whatever the source calls a node.
  const bool is_rack = request.server->nodes > 1;
  if (!is_rack && per_host < request.server->accelerators && total > per_host) {
    return absl::UnimplementedError("hosts with fewer accelerators than the catalog's server");
  }
  const int used = std::max(1, UsedOfHost(strategy, request.server->accelerators));
  request.hosts = (total + used - 1) / used;
  if (absl::StrContains(measured.notes, "immersion")) request.cooling = "immersion";
  RETURN_IF_ERROR(SetFabric(measured, catalog, request, rules));
  return request;
}

}  // namespace fleetsim
