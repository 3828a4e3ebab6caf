#include "sim/platform/leaf_reader.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/base/nearest.h"
#include "sim/platform/quantity.h"

namespace fleetsim {

namespace {

// Files and catalog round to three digits or so.
constexpr double kAllowedDifference = 0.01;
constexpr int kMaxHostsPerCluster = 1000000;

bool Differ(double a, double b) { return std::abs(a - b) > kAllowedDifference * b; }

const std::vector<std::string>& KnownProperties() {
  static const std::vector<std::string> kKnown = {"accelerator", "server", "fabric", "nics"};
  return kKnown;
}

// Reads one cluster element step by step into a leaf.
class ClusterReader {
 public:
  ClusterReader(const XmlElement& cluster, const Catalog& catalog)
      : cluster_(cluster), catalog_(catalog) {}

  absl::StatusOr<ClusterContent> Read() {
    content_.leaf.id = cluster_.Text("id");
    content_.leaf.line = cluster_.line();
    RETURN_IF_ERROR(ReadShape());
    RETURN_IF_ERROR(ReadHosts());
    RETURN_IF_ERROR(ReadEntries());
    RETURN_IF_ERROR(ReadAccelerators());
    RETURN_IF_ERROR(ReadScaleUp());
    RETURN_IF_ERROR(ReadScaleOut());
    return std::move(content_);
  }

 private:
  absl::Status ReadShape() const {
    const std::string topology = cluster_.Text("topology");
    if (!topology.empty() && topology != "FLAT") {
      return cluster_.Error("topology", absl::StrCat("is \"", topology, "\""),
                            "FLAT: a leaf switch with its hosts; join leaves with zones");
    }
    const std::string policy = cluster_.Text("sharing_policy");
    if (!policy.empty() && policy != "SPLITDUPLEX") {
      return cluster_.Error("sharing_policy", absl::StrCat("is \"", policy, "\""),
                            "SPLITDUPLEX: NICs send and receive at once");
    }
    for (pugi::xml_node property : cluster_.node().children("prop")) {
      RETURN_IF_ERROR(CheckProperty(property.attribute("id").value()));
    }
    return absl::OkStatus();
  }

  // Other properties than ours are SimGrid's and its plugins'; what looks like ours is a slip.
  absl::Status CheckProperty(const std::string& id) const {
    const auto& known = KnownProperties();
    if (std::count(known.begin(), known.end(), id) > 0 || NearestNames(id, known).empty()) {
      return absl::OkStatus();
    }
    return cluster_.Error(absl::StrCat("prop ", id), "is no property of a leaf",
                          DidYouMean(id, known));
  }

  absl::Status ReadHosts() {
    ASSIGN_OR_RETURN(const std::string radical, cluster_.RequiredText("radical", "\"0-31\""));
    const auto numbers = ParseRadical(radical);
    if (!numbers.ok()) return cluster_.Error("radical", numbers.status().message(), "");
    for (const int number : *numbers) {
      content_.hosts.push_back(
          absl::StrCat(cluster_.Text("prefix"), number, cluster_.Text("suffix")));
    }
    return absl::OkStatus();
  }

  // A catalog entry named by a property.
  template <class T>
  absl::StatusOr<const T*> Entry(const char* property, const char* example,
                                 absl::StatusOr<const T*> (*find)(const Catalog&,
                                                                  absl::string_view)) const {
    if (!cluster_.HasProperty(property)) {
      return cluster_.Error(
          absl::StrCat("prop ", property), "is missing",
          absl::StrFormat("for example <prop id=\"%s\" value=\"%s\"/>", property, example));
    }
    absl::StatusOr<const T*> entry = find(catalog_, cluster_.PropertyText(property));
    if (!entry.ok()) {
      return cluster_.Error(absl::StrCat("prop ", property), entry.status().message(), "");
    }
    return entry;
  }

  absl::Status ReadEntries() {
    Leaf& leaf = content_.leaf;
    ASSIGN_OR_RETURN(leaf.accelerator, Entry("accelerator", "nvidia-h20-96gb", &FindAccelerator));
    ASSIGN_OR_RETURN(leaf.server, Entry("server", "hgx-h20", &FindServer));
    ASSIGN_OR_RETURN(leaf.scale_out, Entry("fabric", "rocev2-200g", &FindFabric));
    const auto& taken = leaf.server->accelerator_names;
    if (std::count(taken.begin(), taken.end(), leaf.accelerator->name) == 0) {
      return cluster_.Error("prop accelerator",
                            absl::StrFormat("\"%s\" does not go into server \"%s\"",
                                            leaf.accelerator->name, leaf.server->name),
                            absl::StrCat("it takes ", absl::StrJoin(taken, ", ")));
    }
    if (leaf.scale_out->kind != FabricKind::kScaleOut) {
      return cluster_.Error("prop fabric",
                            absl::StrFormat("\"%s\" joins no servers", leaf.scale_out->name),
                            "a scale-out fabric of the catalog");
    }
    return absl::OkStatus();
  }

  absl::Status ReadAccelerators() {
    Leaf& leaf = content_.leaf;
    ASSIGN_OR_RETURN(leaf.accelerators, cluster_.Count("core"));
    if (leaf.accelerators != leaf.server->accelerators) {
      return cluster_.Error("core", absl::StrFormat("is %d", leaf.accelerators),
                            absl::StrFormat("server \"%s\" has %d accelerators in one domain",
                                            leaf.server->name, leaf.server->accelerators));
    }
    ASSIGN_OR_RETURN(leaf.speed, cluster_.Speed("speed"));
    const FlopsPerSecond nominal = NominalSpeed(*leaf.accelerator);
    const std::string peak = absl::StrFormat("the BF16 peak of \"%s\" is %s",
                                             leaf.accelerator->name, SpeedText(nominal));
    if (leaf.speed.value() <= 0.0 || leaf.speed > nominal * (1.0 + kAllowedDifference)) {
      return cluster_.Error("speed", absl::StrCat("is ", SpeedText(leaf.speed)), peak);
    }
    if (Differ(leaf.speed.value(), nominal.value())) {
      content_.notes.push_back(
          absl::StrFormat("%s: power-capped to %s; %s", leaf.id, SpeedText(leaf.speed), peak));
    }
    return absl::OkStatus();
  }

  absl::Status ReadScaleUp() {
    Leaf& leaf = content_.leaf;
    if (!leaf.server->scale_up_fabric.empty()) {
      const auto fabric = FindFabric(catalog_, leaf.server->scale_up_fabric);
      if (!fabric.ok()) return cluster_.Error("prop server", fabric.status().message(), "");
      leaf.scale_up = *fabric;
    }
    ASSIGN_OR_RETURN(leaf.scale_up_bandwidth, cluster_.Bandwidth("loopback_bw"));
    ASSIGN_OR_RETURN(leaf.scale_up_latency, cluster_.Time("loopback_lat"));
    const BytesPerSecond expected = ScaleUpBandwidth(*leaf.server, *leaf.accelerator);
    if (leaf.scale_up_bandwidth.value() <= 0.0 ||
        (expected.value() > 0.0 && Differ(leaf.scale_up_bandwidth.value(), expected.value()))) {
      return cluster_.Error("loopback_bw",
                            absl::StrCat("is ", BandwidthText(leaf.scale_up_bandwidth)),
                            absl::StrFormat("one accelerator of \"%s\" sends %s", leaf.server->name,
                                            BandwidthText(expected)));
    }
    return absl::OkStatus();
  }

  absl::Status ReadScaleOut() {
    Leaf& leaf = content_.leaf;
    ASSIGN_OR_RETURN(leaf.nic_bandwidth, cluster_.Bandwidth("bw"));
    ASSIGN_OR_RETURN(leaf.nic_latency, cluster_.Time("lat"));
    leaf.nics = leaf.server->nics;
    if (cluster_.HasProperty("nics")) {
      const auto nics = ParseCount(cluster_.PropertyText("nics"));
      if (!nics.ok()) return cluster_.Error("prop nics", nics.status().message(), "");
      leaf.nics = *nics;
    }
    if (leaf.nics <= 0) {
      return cluster_.Error(
          "prop nics",
          absl::StrFormat("is missing, and server \"%s\" states none", leaf.server->name),
          "the scale-out ports of one host");
    }
    const BytesPerSecond port = PortBandwidth(*leaf.server, *leaf.scale_out);
    if (leaf.nic_bandwidth.value() <= 0.0 ||
        Differ(leaf.nic_bandwidth.value(), (port * leaf.nics).value())) {
      return cluster_.Error(
          "bw", absl::StrCat("is ", BandwidthText(leaf.nic_bandwidth)),
          absl::StrFormat("%d ports of \"%s\" at %s are %s", leaf.nics, leaf.scale_out->name,
                          BandwidthText(port), BandwidthText(port * leaf.nics)));
    }
    return absl::OkStatus();
  }

  const XmlElement& cluster_;
  const Catalog& catalog_;
  ClusterContent content_;
};

absl::Status AppendRange(absl::string_view range, const std::string& radical,
                         std::vector<int>& numbers) {
  const std::vector<std::string> ends = absl::StrSplit(range, absl::MaxSplits('-', 1));
  int first = 0, last = 0;
  const bool good = absl::SimpleAtoi(ends.front(), &first) &&
                    absl::SimpleAtoi(ends.back(), &last) && first >= 0 && last >= first &&
                    last - first < kMaxHostsPerCluster &&
                    numbers.size() < static_cast<std::size_t>(kMaxHostsPerCluster);
  if (!good) {
    return absl::InvalidArgumentError(absl::StrCat(
        "is \"", radical, "\"; ranges of host numbers like \"0-31,40\", a million hosts at most"));
  }
  for (int number = first; number <= last; ++number) numbers.push_back(number);
  return absl::OkStatus();
}

}  // namespace

BytesPerSecond ScaleUpBandwidth(const Server& server, const Accelerator& accelerator) {
  if (server.scale_up_bandwidth.value() > 0.0) return server.scale_up_bandwidth;
  return accelerator.host_link_bandwidth;
}

BytesPerSecond PortBandwidth(const Server& server, const Fabric& fabric) {
  const bool slower_nics =
      server.nic_bandwidth.value() > 0.0 && server.nic_bandwidth < fabric.port_bandwidth;
  return slower_nics ? server.nic_bandwidth : fabric.port_bandwidth;
}

absl::StatusOr<std::vector<int>> ParseRadical(const std::string& radical) {
  std::vector<int> numbers;
  for (const absl::string_view range : absl::StrSplit(radical, ',')) {
    RETURN_IF_ERROR(AppendRange(range, radical, numbers));
  }
  const std::set<int> distinct(numbers.begin(), numbers.end());
  if (distinct.size() != numbers.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("is \"", radical, "\", a number twice; every host once"));
  }
  return numbers;
}

absl::StatusOr<ClusterContent> ReadCluster(const XmlElement& cluster, const Catalog& catalog) {
  return ClusterReader(cluster, catalog).Read();
}

}  // namespace fleetsim
