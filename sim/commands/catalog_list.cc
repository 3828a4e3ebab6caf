#include "sim/commands/catalog_list.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/base/nearest.h"
#include "sim/economics/price.h"

namespace fleetsim {
namespace {

constexpr double kTera = 1e12, kGiga = 1e9, kMicro = 1e-6, kGigabit = 1e9 / 8, kKilo = 1e3;

Cell Known(double value) { return value > 0.0 ? Cell(value) : Cell(); }
Cell Maybe(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }
Cell Text(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

// The matrix peak that training uses: whichever of BF16 and FP16 is faster.
double SixteenBitPeak(const Accelerator& accelerator) {
  return Max(accelerator.Peak(DataType::kBf16), accelerator.Peak(DataType::kFp16)).value();
}

bool MadeBy(const std::string& maker, const std::string& vendor) {
  return absl::StrContains(absl::AsciiStrToLower(maker), absl::AsciiStrToLower(vendor));
}

template <class T>
absl::Status CheckVendor(const std::map<std::string, T>& entries, const std::string& vendor) {
  std::set<std::string> makers;
  for (const auto& [name, entry] : entries) {
    if (MadeBy(entry.vendor, vendor)) return absl::OkStatus();
    makers.insert(entry.vendor);
  }
  return absl::NotFoundError(absl::StrCat("--vendor: nothing by \"", vendor, "\"; ",
                                          DidYouMean(vendor, {makers.begin(), makers.end()})));
}

Table AcceleratorTable(const Catalog& catalog, const std::string& vendor) {
  Table table({{"name", "name"},
               {"vendor", "vendor"},
               {"launch_year", "year"},
               {"announced", "announced"},
               {"bf16_flops_per_s", "16-bit", "TFLOP/s", kTera},
               {"fp8_flops_per_s", "FP8", "TFLOP/s", kTera},
               {"int8_ops_per_s", "INT8", "TOP/s", kTera},
               {"memory_bytes", "memory", "GB", kGiga},
               {"memory_bandwidth_bytes_per_s", "bandwidth", "GB/s", kGiga},
               {"scale_up_bandwidth_bytes_per_s", "links", "GB/s", kGiga},
               {"tdp_w", "TDP", "W"},
               {"total_processing_performance", "TPP", "", 1.0, 3},
               {"performance_density_per_mm2", "density", "TPP/mm2", 1.0, 3},
               {"price_usd", "price", "USD", 1.0, 3}});
  for (const auto& [name, entry] : catalog.accelerators) {
    if (!MadeBy(entry.vendor, vendor)) continue;
    table.AddRow({name, entry.vendor, Text(absl::StrCat(entry.launch_year)), entry.announced,
                  Known(SixteenBitPeak(entry)), Known(entry.Peak(DataType::kFp8).value()),
                  Known(entry.Peak(DataType::kInt8).value()), Known(entry.memory.value()),
                  Known(entry.memory_bandwidth.value()), Known(entry.scale_up_bandwidth.value()),
                  Known(entry.tdp.value()), Known(TotalProcessingPerformance(entry)),
                  Maybe(PerformanceDensity(entry)), Maybe(TypicalPrice(entry.price_usd))});
  }
  return table;
}

Table ServerTable(const Catalog& catalog, const std::string& vendor) {
  Table table({{"name", "name"},
               {"vendor", "vendor"},
               {"announced", "announced"},
               {"accelerators", "size"},
               {"scale_up_fabric", "links"},
               {"scale_up_bandwidth_bytes_per_s", "bandwidth", "GB/s", kGiga},
               {"nics", "NICs"},
               {"nic_bandwidth_bytes_per_s", "each", "Gbit/s", kGigabit},
               {"overhead_max_w", "overhead", "kW", kKilo},
               {"racks", "racks"},
               {"price_usd", "price", "USD", 1.0, 3},
               {"accelerator", "accelerator"}});
  for (const auto& [name, entry] : catalog.servers) {
    if (!MadeBy(entry.vendor, vendor)) continue;
    table.AddRow(
        {name, entry.vendor, entry.announced, static_cast<double>(entry.accelerators),
         Text(entry.scale_up_fabric), Known(entry.scale_up_bandwidth.value()), Known(entry.nics),
         Known(entry.nic_bandwidth.value()), Known(entry.overhead_max.value()), Known(entry.racks),
         Maybe(TypicalPrice(entry.price_usd)), absl::StrJoin(entry.accelerator_names, " ")});
  }
  return table;
}

const char* Name(FabricKind kind) {
  switch (kind) {
    case FabricKind::kScaleUp:
      return "scale-up";
    case FabricKind::kScaleOut:
      return "scale-out";
    case FabricKind::kWan:
      return "WAN";
    case FabricKind::kHost:
      break;
  }
  return "host";
}

const char* Name(FabricTopology topology) {
  switch (topology) {
    case FabricTopology::kSwitched:
      return "switched";
    case FabricTopology::kFullMesh:
      return "full mesh";
    case FabricTopology::kPcieTree:
      return "PCIe tree";
    case FabricTopology::kIslands:
      break;
  }
  return "islands";
}

Table FabricTable(const Catalog& catalog) {
  Table table({{"name", "name"},
               {"kind", "kind"},
               {"topology", "topology"},
               {"collective_library", "library"},
               {"port_bandwidth_bytes_per_s", "port", "Gbit/s", kGigabit},
               {"point_to_point_efficiency_ratio", "p2p"},
               {"collective_efficiency_ratio", "collective"},
               {"base_latency_s", "latency", "us", kMicro},
               {"hop_latency_s", "hop", "us", kMicro},
               {"port_power_w", "port", "W"},
               {"port_price_usd", "port", "USD"}});
  for (const auto& [name, entry] : catalog.fabrics) {
    const bool inside = entry.kind == FabricKind::kScaleUp || entry.kind == FabricKind::kHost;
    table.AddRow({name, std::string(Name(entry.kind)),
                  inside ? Cell(std::string(Name(entry.topology))) : Cell(),
                  Text(entry.collective_library), Known(entry.port_bandwidth.value()),
                  Known(entry.point_to_point_efficiency),
                  inside ? Cell() : Known(entry.collective_efficiency),
                  Known(entry.base_latency.value()), Known(entry.hop_latency.value()),
                  Known(entry.port_power.value()), Known(entry.port_price.value())});
  }
  return table;
}

const char* Name(AttentionKernel attention) {
  switch (attention) {
    case AttentionKernel::kUnfused:
      return "unfused";
    case AttentionKernel::kFusedSoftmax:
      return "fused softmax";
    case AttentionKernel::kFlash1:
      return "flash 1";
    case AttentionKernel::kFlash2:
      return "flash 2";
    case AttentionKernel::kFlash3:
      break;
  }
  return "flash 3";
}

Table StackTable(const Catalog& catalog) {
  Table table({{"name", "name"},
               {"year", "year"},
               {"attention", "attention"},
               {"sequence_parallel", "sequence parallel"},
               {"overlaps_gradient_reduction", "overlaps gradients"},
               {"overlaps_parameter_gather", "parameters"},
               {"overlaps_pipeline_transfers", "pipeline"},
               {"default_zero_stage", "ZeRO"},
               {"host_s_per_launch", "launch", "us", kMicro},
               {"reserved_memory_bytes", "reserved", "GB", kGiga}});
  for (const auto& [name, entry] : catalog.stacks) {
    table.AddRow({name, absl::StrCat(entry.year), std::string(Name(entry.attention)),
                  entry.sequence_parallel, entry.overlaps_gradient_reduction,
                  entry.overlaps_parameter_gather, entry.overlaps_pipeline_transfers,
                  static_cast<double>(entry.default_zero_stage),
                  Known(entry.host_per_launch.value()), Known(entry.reserved_memory.value())});
  }
  return table;
}

Table EngineTable(const Catalog& catalog) {
  Table table({{"name", "name"},
               {"year", "year"},
               {"host_s_per_step", "step", "us", kMicro},
               {"host_s_per_sequence", "sequence", "us", kMicro},
               {"overlaps_host", "overlaps host"},
               {"own_all_reduce", "own all-reduce"},
               {"chunked_prefill", "chunked prefill"},
               {"token_budget", "token budget"},
               {"max_sequences", "sequences"},
               {"memory_ratio", "memory"}});
  for (const auto& [name, entry] : catalog.engines) {
    table.AddRow({name, absl::StrCat(entry.year), Known(entry.host.per_step.value()),
                  Known(entry.host.per_sequence.value()), entry.host.overlaps, entry.own_all_reduce,
                  entry.defaults.chunked_prefill, static_cast<double>(entry.defaults.token_budget),
                  static_cast<double>(entry.defaults.max_sequences), entry.memory.ratio});
  }
  return table;
}

Table RegionTable(const Catalog& catalog) {
  Table table({{"name", "name"},
               {"electricity_usd_per_kwh", "electricity", "USD/kWh"},
               {"carbon_g_per_kwh", "carbon", "g/kWh"},
               {"pue", "PUE"},
               {"alias", "also"}});
  for (const auto& [name, entry] : catalog.regions) {
    table.AddRow({name, entry.electricity_usd_per_kwh, entry.carbon_g_per_kwh, entry.pue,
                  absl::StrJoin(entry.aliases, ", ")});
  }
  return table;
}

Table PricesTable(const Catalog& catalog) {
  Table table({{"name", "name"},
               {"depreciation_years", "depreciation", "years"},
               {"hosting_usd_per_kw_month", "hosting", "USD/kW/month"},
               {"maintenance_ratio_per_year", "maintenance", "of capex/year"},
               {"storage_usd_per_accelerator", "storage", "USD"},
               {"rack_power_w", "rack", "kW", kKilo},
               {"rack_floor_space_m2", "rack", "m2"}});
  for (const auto& [name, entry] : catalog.prices) {
    table.AddRow({name, entry.depreciation_years, entry.hosting_usd_per_kw_month,
                  entry.maintenance_ratio_per_year, entry.storage_per_accelerator.value(),
                  entry.rack_power.value(), entry.rack_floor_space_m2});
  }
  return table;
}

Table ReliabilityTable(const Catalog& catalog) {
  Table table({{"name", "name"},
               {"causes", "causes"},
               {"stops", "stops"},
               {"accelerator_h", "accelerator-hours a stop"},
               {"detection_s", "detection", "s"},
               {"repair_s", "repair", "h", kSecondsPerHour},
               {"accelerators", "observed on"}});
  for (const auto& [name, entry] : catalog.failure_records) {
    double stops = 0.0;
    for (const FailureCause& cause : entry.causes) stops += cause.stops;
    const double hours = entry.observed.value() / kSecondsPerHour *
                         entry.observed_units[static_cast<int>(FailureUnit::kAccelerator)];
    table.AddRow({name, static_cast<double>(entry.causes.size()), stops, Known(hours / stops),
                  entry.detection.value(), entry.repair.value(),
                  Text(absl::StrJoin(entry.accelerators, " "))});
  }
  return table;
}

Table KernelTable(const Catalog& catalog) {
  Table table({{"name", "name"},
               {"evidence", "best evidence"},
               {"accelerators", "of these accelerators"},
               {"inferred_accelerators", "taken for these too"}});
  for (const auto& [name, entry] : catalog.kernel_classes) {
    EvidenceKind best = EvidenceKind::kAssumed;
    for (const Evidence& record : entry.evidence) best = std::min(best, record.kind);
    std::vector<std::string> own, inferred;
    for (const auto& [key, accelerator] : catalog.accelerators) {
      if (accelerator.kernel_class != name) continue;
      (accelerator.kernel_class_inferred ? inferred : own).push_back(key);
    }
    table.AddRow({name, std::string(EvidenceKindName(best)), Text(absl::StrJoin(own, " ")),
                  Text(absl::StrJoin(inferred, " "))});
  }
  return table;
}

Table ModelTable(const Models& models) {
  Table table({{"name", "name"},
               {"parameters", "parameters", "billion", kGiga},
               {"active_parameters", "active", "billion", kGiga},
               {"layers", "layers"},
               {"hidden", "hidden", "", 1.0, 3},
               {"heads", "heads"},
               {"kv_heads", "KV heads"},
               {"ffn", "FFN", "", 1.0, 3},
               {"vocab", "vocabulary", "", 1.0, 3},
               {"experts", "experts"}});
  for (const auto& [name, entry] : models) {
    table.AddRow({name, CountParameters(entry).Total(), ActiveParameters(entry),
                  static_cast<double>(entry.layers), static_cast<double>(entry.hidden),
                  static_cast<double>(entry.heads), static_cast<double>(entry.kv_heads),
                  Known(entry.ffn), static_cast<double>(entry.vocab),
                  entry.experts ? Known(entry.experts->experts) : Cell()});
  }
  return table;
}

}  // namespace

const std::vector<std::string>& CatalogKinds() {
  static const auto* const kKinds =
      new std::vector<std::string>{"accelerators", "servers", "fabrics",     "stacks",  "engines",
                                   "regions",      "prices",  "reliability", "kernels", "models"};
  return *kKinds;
}

absl::StatusOr<Table> CatalogTable(const Catalog& catalog, const Models& models,
                                   const std::string& kind, const std::string& vendor) {
  if (kind == "accelerators") {
    RETURN_IF_ERROR(CheckVendor(catalog.accelerators, vendor));
    return AcceleratorTable(catalog, vendor);
  }
  if (kind == "servers") {
    RETURN_IF_ERROR(CheckVendor(catalog.servers, vendor));
    return ServerTable(catalog, vendor);
  }
  if (!vendor.empty()) {
    return absl::InvalidArgumentError("--vendor: only accelerators and servers have vendors");
  }
  if (kind == "fabrics") return FabricTable(catalog);
  if (kind == "stacks") return StackTable(catalog);
  if (kind == "engines") return EngineTable(catalog);
  if (kind == "regions") return RegionTable(catalog);
  if (kind == "prices") return PricesTable(catalog);
  if (kind == "reliability") return ReliabilityTable(catalog);
  if (kind == "kernels") return KernelTable(catalog);
  if (kind == "models") return ModelTable(models);
  return absl::NotFoundError(
      absl::StrCat("--kind: unknown kind \"", kind, "\"; ", DidYouMean(kind, CatalogKinds())));
}

}  // namespace fleetsim
