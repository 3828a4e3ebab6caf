#include "sim/platform/read.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "sim/base/digest.h"
#include "sim/base/nearest.h"
#include "sim/platform/leaf_reader.h"
#include "sim/platform/route_reader.h"
#include "sim/platform/xml_file.h"

namespace fleetsim {

namespace {

constexpr double kMaxPue = 4.0;
constexpr std::size_t kMaxHosts = 1000000;

// Walks the zones of a file into a Platform.
class PlatformReader {
 public:
  PlatformReader(const XmlFile& file, const Catalog& catalog) : file_(file), catalog_(catalog) {}

  absl::StatusOr<Platform> Read() {
    ASSIGN_OR_RETURN(const XmlElement root, Root());
    Fleet& fleet = platform_.fleet;
    fleet.file = file_.path();
    fleet.digest = Digest(file_.content());
    fleet.name = root.Text("id");
    RETURN_IF_ERROR(CollectLinks(root));
    ASSIGN_OR_RETURN(platform_.root, ReadZone(root, -1));
    if (fleet.hosts.empty()) {
      return root.Error("", "holds no hosts", "at least one <cluster> of them");
    }
    RETURN_IF_ERROR(ReadRoutes(file_, links_, platform_));
    RETURN_IF_ERROR(ReadProfiles(root));
    return std::move(platform_);
  }

 private:
  absl::StatusOr<XmlElement> Root() const {
    bool has_doctype = false;
    for (pugi::xml_node node : file_.document()) has_doctype |= node.type() == pugi::node_doctype;
    const pugi::xml_node platform = file_.document().child("platform");
    if (!platform) {
      return InputError({file_.path()}, "has no <platform> element", "a SimGrid platform file");
    }
    const XmlElement element(file_, platform);
    if (!has_doctype) {
      return element.Error(
          "", "comes without the document type that SimGrid requires",
          "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\"> before it");
    }
    if (element.Text("version") != "4.1") {
      return element.Error("version", absl::StrCat("is \"", element.Text("version"), "\""), "4.1");
    }
    const pugi::xml_node zone = platform.child("zone");
    if (!zone || zone.previous_sibling() || zone.next_sibling()) {
      return element.Error("", "does not consist of one <zone>",
                           "one outermost zone with everything in it, and no <config>");
    }
    return XmlElement(file_, zone);
  }

  // Links belong to the whole file: routes of one zone may use those of another.
  absl::Status CollectLinks(const XmlElement& zone) {
    for (pugi::xml_node child : zone.node().children()) {
      const XmlElement element(file_, child);
      if (element.name() == "zone") RETURN_IF_ERROR(CollectLinks(element));
      if (element.name() != "link") continue;
      ASSIGN_OR_RETURN(const std::string id, element.RequiredText("id", "\"leaf0_uplink\""));
      LinkContent link{element.line(), BytesPerSecond(), Seconds(),
                       element.Text("sharing_policy") == "SPLITDUPLEX"};
      ASSIGN_OR_RETURN(link.bandwidth, element.Bandwidth("bandwidth"));
      if (link.bandwidth.value() <= 0.0) {
        return element.Error("bandwidth", "is zero", "more, or no link at all");
      }
      if (element.Has("latency")) {
        ASSIGN_OR_RETURN(link.latency, element.Time("latency"));
      }
      const auto [known, is_new] = links_.emplace(id, link);
      if (!is_new) return Twice(element, "link", id, known->second.line);
    }
    return absl::OkStatus();
  }

  static absl::Status Twice(const XmlElement& element, absl::string_view what,
                            const std::string& name, int first_line) {
    return element.Error("", absl::StrFormat("%s \"%s\" is there twice", what, name),
                         absl::StrFormat("the first one is on line %d", first_line));
  }

  // Zones, clusters and routers share one name space.
  absl::Status CheckName(const XmlElement& element, const std::string& name) {
    const auto [known, is_new] = names_.emplace(name, element.line());
    return is_new ? absl::OkStatus() : Twice(element, "name", name, known->second);
  }

  absl::StatusOr<Zone> ReadZone(const XmlElement& element, int site) {
    Zone zone;
    ASSIGN_OR_RETURN(zone.id, element.RequiredText("id", "\"site\""));
    zone.line = element.line();
    RETURN_IF_ERROR(CheckName(element, zone.id));
    if (element.HasProperty("region") || element.HasProperty("pue") ||
        element.HasProperty("cooling")) {
      ASSIGN_OR_RETURN(site, ReadSite(element));
      zone.site = site;
    }
    for (pugi::xml_node child : element.node().children()) {
      RETURN_IF_ERROR(ReadChild(XmlElement(file_, child), site, zone));
    }
    return zone;
  }

  absl::Status ReadChild(const XmlElement& element, int site, Zone& parent) {
    static const std::set<std::string> kElsewhere = {"prop", "link", "zoneRoute", "trace",
                                                     "trace_connect"};
    const std::string name(element.name());
    if (name == "zone") {
      ASSIGN_OR_RETURN(Zone zone, ReadZone(element, site));
      parent.zones.push_back(std::move(zone));
      return absl::OkStatus();
    }
    if (name == "cluster") return ReadLeaf(element, site, parent);
    if (name == "router") return CheckName(element, element.Text("id"));
    if (kElsewhere.count(name) > 0) return absl::OkStatus();
    return element.Error("", "is not understood here",
                         name == "host"
                             ? "hosts as a <cluster>, one host alone with radical \"0-0\""
                             : "zones, clusters, routers, links, routes and profiles");
  }

  absl::Status ReadLeaf(const XmlElement& element, int site, Zone& parent) {
    Fleet& fleet = platform_.fleet;
    ASSIGN_OR_RETURN(const std::string id, element.RequiredText("id", "\"leaf0\""));
    RETURN_IF_ERROR(CheckName(element, id));
    if (element.Has("router_id")) RETURN_IF_ERROR(CheckName(element, element.Text("router_id")));
    ASSIGN_OR_RETURN(ClusterContent content, ReadCluster(element, catalog_));
    if (fleet.hosts.size() + content.hosts.size() > kMaxHosts) {
      return element.Error("radical", "makes more than a million hosts", "fewer");
    }
    const int leaf = static_cast<int>(fleet.leaves.size());
    content.leaf.site = site >= 0 ? site : UnnamedSite();
    for (std::string& host : content.hosts) {
      const auto [known, is_new] = hosts_.emplace(host, element.line());
      if (!is_new) return Twice(element, "host", host, known->second);
      fleet.hosts.push_back({std::move(host), leaf});
    }
    fleet.leaves.push_back(std::move(content.leaf));
    platform_.notes.insert(platform_.notes.end(), content.notes.begin(), content.notes.end());
    parent.zones.push_back({.id = id, .line = element.line(), .leaf = leaf});
    return absl::OkStatus();
  }

  // The site of leaves in no zone that describes one.
  int UnnamedSite() {
    if (unnamed_site_ < 0) {
      unnamed_site_ = static_cast<int>(platform_.fleet.sites.size());
      platform_.fleet.sites.push_back({.id = platform_.fleet.name});
      platform_.notes.push_back(
          absl::StrCat(platform_.fleet.name, ": no region, pue or cooling stated"));
    }
    return unnamed_site_;
  }

  absl::StatusOr<int> ReadSite(const XmlElement& element) {
    Site site{.id = element.Text("id"), .cooling = element.PropertyText("cooling")};
    if (element.HasProperty("region")) {
      const auto region = FindRegion(catalog_, element.PropertyText("region"));
      if (!region.ok()) return element.Error("prop region", region.status().message(), "");
      site.region = *region;
      site.pue = site.region->pue;
    }
    if (element.HasProperty("pue")) {
      const std::string text = element.PropertyText("pue");
      if (!absl::SimpleAtod(text, &site.pue) || !(site.pue >= 1.0 && site.pue <= kMaxPue)) {
        return element.Error("prop pue", absl::StrCat("is \"", text, "\""),
                             "power of the site over power of its IT equipment, 1 to 4");
      }
    }
    platform_.fleet.sites.push_back(site);
    return static_cast<int>(platform_.fleet.sites.size()) - 1;
  }

  // A speed profile makes its host's computing a matter of the simulation.
  absl::Status ReadProfiles(const XmlElement& zone) {
    for (pugi::xml_node child : zone.node().children()) {
      const XmlElement element(file_, child);
      if (element.name() == "zone") RETURN_IF_ERROR(ReadProfiles(element));
      if (element.name() == "trace_connect") RETURN_IF_ERROR(ReadProfile(element));
    }
    return absl::OkStatus();
  }

  absl::Status ReadProfile(const XmlElement& element) {
    const std::string kind = element.Text("kind"), name = element.Text("element");
    platform_.fleet.has_profiles = true;
    if (kind != "SPEED") platform_.fleet.has_other_profiles = true;
    if (kind != "SPEED" && kind != "HOST_AVAIL") return absl::OkStatus();
    if (hosts_.count(name) == 0) {
      return element.Error("element", absl::StrFormat("host \"%s\" is not in the file", name),
                           "a host of one of its clusters");
    }
    for (Host& host : platform_.fleet.hosts) {
      if (host.name == name && kind == "SPEED") host.varying_speed = true;
    }
    return absl::OkStatus();
  }

  const XmlFile& file_;
  const Catalog& catalog_;
  Platform platform_;
  LinkTable links_;
  std::map<std::string, int> names_, hosts_;  // and the lines they are on
  int unnamed_site_ = -1;
};

}  // namespace

absl::StatusOr<Platform> ReadPlatform(const std::string& path, const Catalog& catalog) {
  ASSIGN_OR_RETURN(const XmlFile file, XmlFile::Load(path));
  return PlatformReader(file, catalog).Read();
}

absl::StatusOr<Platform> ParsePlatform(const std::string& path, const std::string& content,
                                       const Catalog& catalog) {
  ASSIGN_OR_RETURN(const XmlFile file, XmlFile::Parse(path, content));
  return PlatformReader(file, catalog).Read();
}

absl::StatusOr<Fleet> ReadFleet(const std::string& path, const Catalog& catalog) {
  ASSIGN_OR_RETURN(Platform platform, ReadPlatform(path, catalog));
  return std::move(platform.fleet);
}

}  // namespace fleetsim
