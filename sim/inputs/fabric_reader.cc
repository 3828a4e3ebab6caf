#include "sim/inputs/fabric_reader.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "proto/catalog.pb.h"
#include "sim/inputs/evidence.h"

namespace fleetsim {
namespace {

// Plausible ranges: wide enough for a modem line and a wafer, narrow enough for a wrong unit.
constexpr double kSlowestPort = 1e6, kFastestPort = 1e14;
constexpr double kLongestLatency = 0.1;
constexpr double kSlowestPropagation = 1e-7;  // s/m; light in fibre takes 4.9e-9

struct AlgorithmName {
  const char* name;
  CollectiveAlgorithm algorithm;
};
constexpr std::array<AlgorithmName, 9> kAlgorithmNames = {{
    {"ring", CollectiveAlgorithm::kRing},
    {"tree", CollectiveAlgorithm::kTree},
    {"in_switch", CollectiveAlgorithm::kInSwitch},
    {"direct", CollectiveAlgorithm::kDirect},
    {"one_shot", CollectiveAlgorithm::kOneShot},
    {"two_shot", CollectiveAlgorithm::kTwoShot},
    {"hierarchical", CollectiveAlgorithm::kHierarchical},
    {"pairwise", CollectiveAlgorithm::kPairwise},
    {"send_recv", CollectiveAlgorithm::kSendReceive},
}};

// One entry with its place in the file: checks and error messages.
class Reader {
 public:
  Reader(const proto::Fabric& entry, const std::string& file, const FieldLines& lines)
      : entry_(entry), file_(file), lines_(lines) {}

  absl::StatusOr<Fabric> Read();

 private:
  absl::Status Wrong(const std::string& path, absl::string_view found,
                     absl::string_view expected) const {
    return InputError({file_, lines_.LineOf(path), path}, found, expected);
  }
  absl::Status Within(const std::string& path, double value, double low, double high) const {
    if (value >= low && value <= high) return absl::OkStatus();
    return Wrong(path, absl::StrCat("is ", value), absl::StrCat(low, " to ", high));
  }
  absl::Status Ratio(const std::string& path, double value) const {
    if (value > 0 && value <= 1) return absl::OkStatus();
    return Wrong(path, absl::StrCat("is ", value), "more than 0, at most 1");
  }
  // The optional number `name`, or nothing; an error where it is needed and absent.
  absl::StatusOr<std::optional<double>> Number(const char* name, bool needed) const;

  absl::Status ReadKind();
  absl::Status ReadRates();
  absl::Status ReadLatencies();
  absl::Status ReadIslands();
  absl::Status ReadCosts();
  absl::Status ReadProtocols();
  absl::StatusOr<CollectiveProtocol> ReadProtocol(const proto::Fabric::Protocol& protocol,
                                                  const std::string& path) const;
  absl::Status EveryOperationServed() const;
  absl::Status ReadExpertKernels();
  absl::Status ReadGroupEfficiency();
  absl::StatusOr<ExpertKernel> ReadExpertKernel(const proto::Fabric::ExpertKernel& kernel,
                                                const std::string& path) const;
  // Inside domains (as opposed to between them).
  bool Inside() const {
    return result_.kind == FabricKind::kScaleUp || result_.kind == FabricKind::kHost;
  }

  const proto::Fabric& entry_;
  const std::string& file_;
  const FieldLines& lines_;
  Fabric result_;
};

absl::StatusOr<std::optional<double>> Reader::Number(const char* name, bool needed) const {
  const auto* field = entry_.GetDescriptor()->FindFieldByName(name);
  if (entry_.GetReflection()->HasField(entry_, field)) {
    return entry_.GetReflection()->GetDouble(entry_, field);
  }
  if (!needed) return std::nullopt;
  return Wrong(name, "is missing", "a fabric of this kind needs it");
}

absl::Status Reader::ReadKind() {
  if (entry_.name().empty()) return Wrong("name", "is missing", "the name of the file");
  result_.name = entry_.name();
  result_.aliases = {entry_.alias().begin(), entry_.alias().end()};
  result_.collective_library = entry_.collective_library();
  result_.announced = entry_.announced();
  result_.notes = entry_.notes();
  const auto kind = entry_.kind();
  if (kind == proto::Fabric::KIND_UNSPECIFIED || !proto::Fabric::Kind_IsValid(kind)) {
    return Wrong("kind", "is missing", "one of SCALE_UP, SCALE_OUT, WAN, HOST");
  }
  // The enumerations have the same order; the proto's start with "unspecified".
  result_.kind = static_cast<FabricKind>(kind - 1);
  const auto topology = entry_.topology();
  const bool stated = topology != proto::Fabric::TOPOLOGY_UNSPECIFIED;
  if (Inside() && (!stated || !proto::Fabric::Topology_IsValid(topology))) {
    return Wrong("topology", "is missing", "one of SWITCHED, FULL_MESH, PCIE_TREE, ISLANDS");
  }
  if (Inside() && entry_.in_network_reduction()) {
    return Wrong("in_network_reduction", "is true",
                 "false: inside a domain the protocol \"in_switch\" says it");
  }
  result_.in_network_reduction = entry_.in_network_reduction();
  if (!Inside() && stated) {
    return Wrong("topology", "is stated", "the platform file has the topology between domains");
  }
  if (Inside()) result_.topology = static_cast<FabricTopology>(topology - 1);
  return absl::OkStatus();
}

absl::Status Reader::ReadRates() {
  ASSIGN_OR_RETURN(const auto port, Number("port_bandwidth_bytes_per_s", !Inside()));
  if (port) {
    RETURN_IF_ERROR(Within("port_bandwidth_bytes_per_s", *port, kSlowestPort, kFastestPort));
    result_.port_bandwidth = BytesPerSecond(*port);
  }
  ASSIGN_OR_RETURN(const auto transfer, Number("point_to_point_efficiency_ratio", true));
  RETURN_IF_ERROR(Ratio("point_to_point_efficiency_ratio", *transfer));
  result_.point_to_point_efficiency = *transfer;
  ASSIGN_OR_RETURN(const auto collective, Number("collective_efficiency_ratio", !Inside()));
  if (collective) {
    RETURN_IF_ERROR(Ratio("collective_efficiency_ratio", *collective));
    result_.collective_efficiency = *collective;
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadLatencies() {
  ASSIGN_OR_RETURN(const auto base, Number("base_latency_s", true));
  ASSIGN_OR_RETURN(const auto hop, Number("hop_latency_s", false));
  ASSIGN_OR_RETURN(const auto step, Number("collective_step_latency_s", false));
  ASSIGN_OR_RETURN(const auto propagation, Number("propagation_s_per_m", false));
  RETURN_IF_ERROR(Within("base_latency_s", *base, 0, kLongestLatency));
  RETURN_IF_ERROR(Within("hop_latency_s", hop.value_or(0), 0, kLongestLatency));
  RETURN_IF_ERROR(Within("collective_step_latency_s", step.value_or(0), 0, kLongestLatency));
  RETURN_IF_ERROR(Within("propagation_s_per_m", propagation.value_or(0), 0, kSlowestPropagation));
  result_.base_latency = Seconds(*base);
  result_.hop_latency = Seconds(hop.value_or(0));
  result_.collective_step_latency = Seconds(step.value_or(*base));
  result_.propagation_s_per_m = propagation.value_or(0);
  return absl::OkStatus();
}

absl::Status Reader::ReadIslands() {
  const bool possible = Inside() && (result_.topology == FabricTopology::kPcieTree ||
                                     result_.topology == FabricTopology::kIslands);
  const bool needed = Inside() && result_.topology == FabricTopology::kIslands;
  if (!possible && (entry_.has_island_accelerators() || entry_.has_island_bandwidth_ratio())) {
    return Wrong("island_accelerators", "is stated", "only PCIE_TREE and ISLANDS have islands");
  }
  if (entry_.has_island_accelerators() != entry_.has_island_bandwidth_ratio() ||
      (needed && !entry_.has_island_accelerators())) {
    return Wrong("island_accelerators", "half of it is missing",
                 "island_accelerators and island_bandwidth_ratio together");
  }
  if (!entry_.has_island_accelerators()) return absl::OkStatus();
  RETURN_IF_ERROR(Within("island_accelerators", entry_.island_accelerators(), 1, 1024));
  RETURN_IF_ERROR(Ratio("island_bandwidth_ratio", entry_.island_bandwidth_ratio()));
  result_.island_accelerators = entry_.island_accelerators();
  result_.island_bandwidth = entry_.island_bandwidth_ratio();
  return absl::OkStatus();
}

absl::Status Reader::ReadCosts() {
  ASSIGN_OR_RETURN(const auto power, Number("port_power_w", false));
  ASSIGN_OR_RETURN(const auto price, Number("port_price_usd", false));
  RETURN_IF_ERROR(Within("port_power_w", power.value_or(0), 0, 1e4));
  RETURN_IF_ERROR(Within("port_price_usd", price.value_or(0), 0, 1e6));
  result_.port_power = Watts(power.value_or(0));
  result_.port_price = Usd(price.value_or(0));
  return absl::OkStatus();
}

absl::StatusOr<CollectiveProtocol> Reader::ReadProtocol(const proto::Fabric::Protocol& protocol,
                                                        const std::string& path) const {
  CollectiveProtocol result;
  bool known = false;
  std::string names;
  for (const AlgorithmName& row : kAlgorithmNames) {
    absl::StrAppend(&names, names.empty() ? "one of " : ", ", row.name);
    if (protocol.algorithm() != row.name) continue;
    known = true;
    result.algorithm = row.algorithm;
  }
  if (!known) {
    return Wrong(path + "algorithm", absl::StrCat("\"", protocol.algorithm(), "\""), names);
  }
  RETURN_IF_ERROR(Within(path + "latency_s", protocol.latency_s(), 0, kLongestLatency));
  RETURN_IF_ERROR(Within(path + "step_latency_s", protocol.step_latency_s(), 0, kLongestLatency));
  RETURN_IF_ERROR(Within(path + "fill_s", protocol.fill_s(), 0, kLongestLatency));
  RETURN_IF_ERROR(Within(path + "drain_ratio", protocol.drain_ratio(), 0, 10));
  if (result.algorithm != CollectiveAlgorithm::kHierarchical &&
      result.algorithm != CollectiveAlgorithm::kPairwise) {
    RETURN_IF_ERROR(Ratio(path + "efficiency_ratio", protocol.efficiency_ratio()));
    result.efficiency = protocol.efficiency_ratio();
  }
  result.latency = Seconds(protocol.latency_s());
  result.step_latency = Seconds(protocol.step_latency_s());
  result.fill = Seconds(protocol.fill_s());
  result.drain = protocol.drain_ratio();
  result.name = protocol.name();
  return result;
}

// "direct" serves all-to-all, and everything on a full mesh; elsewhere a ring must serve the rest.
absl::Status Reader::EveryOperationServed() const {
  const auto has = [this](CollectiveAlgorithm algorithm) {
    for (const CollectiveProtocol& protocol : result_.protocols) {
      if (protocol.algorithm == algorithm) return true;
    }
    return false;
  };
  if (!has(CollectiveAlgorithm::kDirect)) {
    return Wrong("protocol", "has no \"direct\"", "one, for all-to-all");
  }
  if (!has(CollectiveAlgorithm::kRing) && result_.topology != FabricTopology::kFullMesh) {
    return Wrong("protocol", "has no \"ring\"", "one, for reductions and gathers");
  }
  if (!has(CollectiveAlgorithm::kRing) && !has(CollectiveAlgorithm::kHierarchical)) {
    return Wrong("protocol", "has neither \"ring\" nor \"hierarchical\"",
                 "one of them, for collectives across hosts");
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadProtocols() {
  if (!Inside()) {
    if (entry_.protocol().empty()) return absl::OkStatus();
    return Wrong("protocol[0]", "is stated", "only scale-up and host fabrics have protocols");
  }
  for (int i = 0; i < entry_.protocol_size(); ++i) {
    ASSIGN_OR_RETURN(CollectiveProtocol protocol,
                     ReadProtocol(entry_.protocol(i), absl::StrCat("protocol[", i, "].")));
    result_.protocols.push_back(protocol);
  }
  return EveryOperationServed();
}

absl::StatusOr<ExpertKernel> Reader::ReadExpertKernel(const proto::Fabric::ExpertKernel& kernel,
                                                      const std::string& path) const {
  ExpertKernel result;
  if (kernel.library() == "normal") {
    result.library = ExpertLibrary::kNormal;
  } else if (kernel.library() == "low_latency") {
    result.library = ExpertLibrary::kLowLatency;
  } else if (kernel.library() == "one_sided") {
    result.library = ExpertLibrary::kOneSided;
  } else {
    return Wrong(path + "library", absl::StrCat("\"", kernel.library(), "\""),
                 "one of normal, low_latency, one_sided");
  }
  if (kernel.phase() != "dispatch" && kernel.phase() != "combine") {
    return Wrong(path + "phase", absl::StrCat("\"", kernel.phase(), "\""), "dispatch or combine");
  }
  result.phase = kernel.phase() == "dispatch" ? ExpertPhase::kDispatch : ExpertPhase::kCombine;
  RETURN_IF_ERROR(Within(path + "latency_s", kernel.latency_s(), 0, kLongestLatency));
  RETURN_IF_ERROR(Within(path + "host_latency_s", kernel.host_latency_s(), 0, kLongestLatency));
  RETURN_IF_ERROR(Within(path + "token_s", kernel.token_s(), 0, kLongestLatency));
  RETURN_IF_ERROR(Within(path + "copy_s", kernel.copy_s(), 0, kLongestLatency));
  const double bandwidth = kernel.processor_bandwidth_bytes_per_s();
  RETURN_IF_ERROR(Within(path + "processor_bandwidth_bytes_per_s", bandwidth, 0, kFastestPort));
  RETURN_IF_ERROR(Ratio(path + "efficiency_ratio", kernel.efficiency_ratio()));
  RETURN_IF_ERROR(Within(path + "network_copies", kernel.network_copies(), 0, 100));
  result.latency = Seconds(kernel.latency_s());
  result.host_latency = Seconds(kernel.host_latency_s());
  result.token = Seconds(kernel.token_s());
  result.copy = Seconds(kernel.copy_s());
  result.processor_bandwidth = BytesPerSecond(bandwidth);
  result.efficiency = kernel.efficiency_ratio();
  if (kernel.network_copies() > 0) result.network_copies = kernel.network_copies();
  return result;
}

absl::Status Reader::ReadExpertKernels() {
  if (!Inside() && !entry_.expert_kernel().empty()) {
    return Wrong("expert_kernel[0]", "is stated", "only scale-up and host fabrics have kernels");
  }
  for (int i = 0; i < entry_.expert_kernel_size(); ++i) {
    ASSIGN_OR_RETURN(
        const ExpertKernel kernel,
        ReadExpertKernel(entry_.expert_kernel(i), absl::StrCat("expert_kernel[", i, "].")));
    result_.expert_kernels.push_back(kernel);
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadGroupEfficiency() {
  int before = 1;
  for (int i = 0; i < entry_.group_efficiency_size(); ++i) {
    const auto& point = entry_.group_efficiency(i);
    const std::string path = absl::StrCat("group_efficiency[", i, "].");
    if (result_.topology != FabricTopology::kFullMesh || !Inside()) {
      return Wrong(path + "ranks", "is stated", "only a FULL_MESH has it");
    }
    if (point.ranks() <= before) {
      return Wrong(path + "ranks", absl::StrCat("is ", point.ranks()),
                   absl::StrCat("more than ", before));
    }
    RETURN_IF_ERROR(Within(path + "ratio", point.ratio(), 0.01, 2));
    before = point.ranks();
    result_.group_efficiency.emplace_back(point.ranks(), point.ratio());
  }
  return absl::OkStatus();
}

absl::StatusOr<Fabric> Reader::Read() {
  RETURN_IF_ERROR(ReadKind());
  RETURN_IF_ERROR(ReadRates());
  RETURN_IF_ERROR(ReadLatencies());
  RETURN_IF_ERROR(ReadIslands());
  RETURN_IF_ERROR(ReadCosts());
  RETURN_IF_ERROR(ReadProtocols());
  RETURN_IF_ERROR(ReadExpertKernels());
  RETURN_IF_ERROR(ReadGroupEfficiency());
  ASSIGN_OR_RETURN(result_.evidence, ReadEvidence(entry_, file_, lines_));
  return std::move(result_);
}

}  // namespace

absl::StatusOr<Fabric> ReadFabric(const proto::Fabric& entry, const std::string& file,
                                  const FieldLines& lines) {
  return Reader(entry, file, lines).Read();
}

}  // namespace fleetsim
