#include "sim/platform/route_reader.h"

#include <limits>
#include <numeric>
#include <vector>

#include "absl/strings/str_format.h"
#include "sim/base/nearest.h"

namespace fleetsim {

namespace {

class RouteReader {
 public:
  RouteReader(const XmlFile& file, const LinkTable& links, Fleet& fleet)
      : file_(file), links_(links), fleet_(fleet) {}

  absl::Status Read(pugi::xml_node node, Zone& zone) {
    for (pugi::xml_node child : node.children("zoneRoute")) {
      RETURN_IF_ERROR(ReadRoute(XmlElement(file_, child), zone));
    }
    for (Zone& child : zone.zones) {
      if (child.leaf >= 0) continue;
      RETURN_IF_ERROR(Read(node.find_child_by_attribute("zone", "id", child.id.c_str()), child));
    }
    return CheckJoined(zone);
  }

 private:
  absl::Status ReadRoute(const XmlElement& element, Zone& zone) {
    ZoneRoute route;
    ASSIGN_OR_RETURN(route.source, End(element, "src", zone));
    ASSIGN_OR_RETURN(route.destination, End(element, "dst", zone));
    for (const char* gateway : {"gw_src", "gw_dst"}) {
      RETURN_IF_ERROR(element.RequiredText(gateway, "\"leaf0_switch\"").status());
    }
    route.bandwidth = BytesPerSecond(std::numeric_limits<double>::infinity());
    for (pugi::xml_node child : element.node().children("link_ctn")) {
      ASSIGN_OR_RETURN(const LinkContent link, Link(XmlElement(file_, child)));
      route.bandwidth = Min(route.bandwidth, link.bandwidth);
      route.latency += link.latency;
    }
    if (!element.node().child("link_ctn")) {
      return element.Error("", "has no links", "at least one <link_ctn id=.../>");
    }
    for (const int end : {route.source, route.destination}) {
      const int leaf = zone.zones[end].leaf;
      if (leaf < 0) continue;
      BytesPerSecond& uplink = fleet_.leaves[leaf].uplink_bandwidth;
      uplink = Max(uplink, route.bandwidth);
    }
    zone.routes.push_back(route);
    return absl::OkStatus();
  }

  absl::StatusOr<int> End(const XmlElement& element, const char* attribute,
                          const Zone& zone) const {
    ASSIGN_OR_RETURN(const std::string id, element.RequiredText(attribute, "\"leaf0\""));
    std::vector<std::string> known;
    for (int i = 0; i < static_cast<int>(zone.zones.size()); ++i) {
      if (zone.zones[i].id == id) return i;
      known.push_back(zone.zones[i].id);
    }
    return element.Error(attribute,
                         absl::StrFormat("zone \"%s\" has no zone or cluster \"%s\"", zone.id, id),
                         DidYouMean(id, known));
  }

  absl::StatusOr<LinkContent> Link(const XmlElement& element) const {
    const std::string id = element.Text("id");
    const auto link = links_.find(id);
    if (link == links_.end()) {
      std::vector<std::string> known;
      for (const auto& [name, content] : links_) known.push_back(name);
      return element.Error("", absl::StrFormat("link \"%s\" is not in the file", id),
                           DidYouMean(id, known));
    }
    const std::string direction = element.Text("direction");
    if (link->second.split_duplex && direction != "UP" && direction != "DOWN") {
      return element.Error("direction", "is missing", "UP or DOWN for a SPLITDUPLEX link");
    }
    return link->second;
  }

  // Every child with hosts must be joined to every other one, over whatever else is there.
  absl::Status CheckJoined(const Zone& zone) const {
    std::vector<int> group(zone.zones.size());
    std::iota(group.begin(), group.end(), 0);
    for (const ZoneRoute& route : zone.routes) {
      const int from = group[route.source], to = group[route.destination];
      for (int& g : group) g = g == from ? to : g;
    }
    const Zone* first = nullptr;
    int first_group = -1;
    for (std::size_t i = 0; i < zone.zones.size(); ++i) {
      const Zone& child = zone.zones[i];
      if (!HoldsHosts(child)) continue;
      if (first == nullptr) first = &child, first_group = group[i];
      if (group[i] == first_group) continue;
      return InputError({file_.path(), child.line, absl::StrCat("<zone ", zone.id, ">")},
                        absl::StrFormat("no route joins \"%s\" to \"%s\"", child.id, first->id),
                        "a <zoneRoute> to the core that the others hang on");
    }
    return absl::OkStatus();
  }

  const XmlFile& file_;
  const LinkTable& links_;
  Fleet& fleet_;
};

}  // namespace

absl::Status ReadRoutes(const XmlFile& file, const LinkTable& links, Platform& platform) {
  const pugi::xml_node root = file.document().child("platform").child("zone");
  return RouteReader(file, links, platform.fleet).Read(root, platform.root);
}

}  // namespace fleetsim
