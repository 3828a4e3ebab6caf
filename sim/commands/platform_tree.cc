#include "sim/commands/platform_tree.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

// A zone ready to be drawn.
struct Node {
  std::string id;
  std::string text;  // beside the id
  std::vector<Node> children;
  std::string Signature() const {
    std::string signature = text + "(";
    for (const Node& child : children) signature += child.Signature() + ",";
    return signature + ")";
  }
};

class TreeBuilder {
 public:
  explicit TreeBuilder(const Fleet& fleet) : fleet_(fleet), hosts_(fleet.leaves.size(), 0) {
    for (const Host& host : fleet.hosts) ++hosts_[host.leaf];
  }

  Node Build(const Zone& zone, const std::string& uplink) const {
    if (zone.leaf >= 0) return {zone.id, LeafText(zone.leaf) + uplink, {}};
    Node node{zone.id, ZoneText(zone) + uplink, {}};
    for (std::size_t i = 0; i < zone.zones.size(); ++i) {
      if (!HoldsHosts(zone.zones[i])) continue;
      node.children.push_back(Build(zone.zones[i], Uplink(zone, static_cast<int>(i))));
    }
    return node;
  }

 private:
  std::string LeafText(int index) const {
    const Leaf& leaf = fleet_.leaves[index];
    return absl::StrFormat("%d x %s (%d x %s at %s), %d NICs of %s, %s a host", hosts_[index],
                           leaf.server->name, leaf.accelerators, leaf.accelerator->name,
                           FormatRate(leaf.speed), leaf.nics, leaf.scale_out->name,
                           FormatBandwidth(leaf.nic_bandwidth));
  }

  std::string ZoneText(const Zone& zone) const {
    int hosts = 0, accelerators = 0;
    CountHosts(zone, hosts, accelerators);
    std::string text = CountText(accelerators, hosts);
    if (zone.site < 0) return text;
    const Site& site = fleet_.sites[zone.site];
    if (site.region != nullptr) absl::StrAppend(&text, ", ", site.region->name);
    absl::StrAppend(&text, absl::StrFormat(", PUE %g", site.pue));
    if (!site.cooling.empty()) absl::StrAppend(&text, ", ", site.cooling);
    return text;
  }

  void CountHosts(const Zone& zone, int& hosts, int& accelerators) const {
    if (zone.leaf >= 0) {
      hosts += hosts_[zone.leaf];
      accelerators += hosts_[zone.leaf] * fleet_.leaves[zone.leaf].accelerators;
    }
    for (const Zone& child : zone.zones) CountHosts(child, hosts, accelerators);
  }

  // How a child hangs on the others.
  std::string Uplink(const Zone& parent, int child) const {
    for (const ZoneRoute& route : parent.routes) {
      if (route.source != child && route.destination != child) continue;
      const Zone& other = parent.zones[route.source == child ? route.destination : route.source];
      std::string text = ", " + FormatBandwidth(route.bandwidth);
      if (HoldsHosts(other)) {
        absl::StrAppend(&text, " to ", other.id, " in ", FormatDuration(route.latency));
      } else {
        absl::StrAppend(&text, " up", Oversubscription(parent.zones[child], route));
      }
      return text;
    }
    return "";
  }

  // Of a leaf: what its hosts can send over what its uplinks carry.
  std::string Oversubscription(const Zone& zone, const ZoneRoute& route) const {
    BytesPerSecond below;
    if (zone.leaf >= 0) {
      below = fleet_.leaves[zone.leaf].nic_bandwidth * hosts_[zone.leaf];
    } else {
      for (const ZoneRoute& inner : zone.routes) below += inner.bandwidth;
    }
    const double ratio = below / route.bandwidth;
    return ratio > 0.0 ? absl::StrFormat(" (%.3g:1)", ratio) : "";
  }

  const Fleet& fleet_;
  std::vector<int> hosts_;  // by leaf
};

void Draw(const std::vector<Node>& nodes, const std::string& margin, std::string& out) {
  for (std::size_t i = 0; i < nodes.size();) {
    std::size_t end = i + 1;
    while (end < nodes.size() && nodes[end].Signature() == nodes[i].Signature()) ++end;
    const bool last = end == nodes.size();
    const std::string name = end - i == 1 ? nodes[i].id
                                          : absl::StrFormat("%s .. %s (%d alike)", nodes[i].id,
                                                            nodes[end - 1].id, end - i);
    absl::StrAppend(&out, margin, last ? "└─ " : "├─ ", name, ": ", nodes[i].text, "\n");
    Draw(nodes[i].children, margin + (last ? "   " : "│  "), out);
    i = end;
  }
}

}  // namespace

std::string CountText(int accelerators, int hosts) {
  return absl::StrFormat("%s accelerator%s in %s host%s", FormatFixed(accelerators, 0),
                         accelerators == 1 ? "" : "s", FormatFixed(hosts, 0),
                         hosts == 1 ? "" : "s");
}

std::string PlatformTree(const Platform& platform) {
  const Node root = TreeBuilder(platform.fleet).Build(platform.root, "");
  std::string out = absl::StrCat(root.id, ": ", root.text, "\n");
  Draw(root.children, "", out);
  return out;
}

}  // namespace fleetsim
