#include "sim/inputs/accelerator_reader.h"

#include "proto/catalog.pb.h"
#include "sim/inputs/data_type.h"
#include "sim/inputs/entry_checks.h"
#include "sim/inputs/evidence.h"
#include "sim/inputs/price_range.h"

namespace fleetsim {
namespace {

constexpr double kLargestPowerRatio = 1.3;  // boards exceed their rating for seconds

const std::vector<Bounds>& AcceleratorBounds() {
  static const std::vector<Bounds> kBounds = {
      {"launch_year", 2012, 2035, "(a year)"},
      {"die_area_mm2", 20, 5000, "mm2"},
      {"compute_units", 1, 4096, "(multiprocessors, compute units, cores)"},
      {"processing_dies", 1, 16, "(dies)"},
      {"peak.flops_per_s", 1e12, 1e18, "flop/s; 989 TFLOP/s is 989e12"},
      {"memory_bytes", 1e9, 4e12, "bytes; 80 GB is 80e9"},
      {"visible_memory_bytes", 1e9, 4e12, "bytes; 79 GiB is 84.8e9"},
      {"memory_bandwidth_bytes_per_s", 1e10, 1e14, "bytes/s; 3.35 TB/s is 3.35e12"},
      {"cache_bytes", 1e5, 4e9, "bytes; 50 MiB is 52428800"},
      {"scale_up_bandwidth_bytes_per_s", 1e9, 1e13, "bytes/s one way; 450 GB/s is 450e9"},
      {"scale_up_domain", 1, 100000, "accelerators"},
      {"host_link_bandwidth_bytes_per_s", 1e9, 2e12, "bytes/s one way; 63 GB/s is 63e9"},
      {"tdp_w", 10, 5000, "W"},
      {"idle_w", 1, 1000, "W"},
      {"matrix_power_ratio", 0, kLargestPowerRatio, "of TDP"},
      {"memory_power_ratio", 0, kLargestPowerRatio, "of TDP"},
      {"attention_power_ratio", 0, kLargestPowerRatio, "of TDP"},
      {"network_power_ratio", 0, kLargestPowerRatio, "of TDP"},
      {"waiting_power_ratio", 0, kLargestPowerRatio, "of TDP"},
      {"price_usd.low", 50, 1e6, "USD"},
      {"price_usd.typical", 50, 1e6, "USD"},
      {"price_usd.high", 50, 1e6, "USD"},
      {"rental_usd_per_h.low", 0.01, 200, "USD per hour"},
      {"rental_usd_per_h.typical", 0.01, 200, "USD per hour"},
      {"rental_usd_per_h.high", 0.01, 200, "USD per hour"},
      {"total_processing_performance", 1, 1e7, "(TOPS x bits)"},
  };
  return kBounds;
}

absl::Status ReadPeaks(const proto::Accelerator& entry, const std::string& file,
                       const FieldLines& lines, Accelerator& accelerator) {
  for (int i = 0; i < entry.peak_size(); ++i) {
    const std::string path = absl::StrCat("peak[", i, "]");
    const Location where{file, lines.LineOf(path), path};
    ASSIGN_OR_RETURN(const DataType dtype, ReadDataType(entry.peak(i).dtype(), where));
    FlopsPerSecond& peak = accelerator.peak[static_cast<int>(dtype)];
    if (peak.value() > 0) return InputError(where, "a second peak of one format", "state one");
    if (entry.peak(i).flops_per_s() <= 0) {
      return InputError(where, "flops_per_s is missing", "989 TFLOP/s is 989e12");
    }
    peak = FlopsPerSecond(entry.peak(i).flops_per_s());
  }
  return absl::OkStatus();
}

absl::Status CheckConsistency(const proto::Accelerator& entry, const std::string& file,
                              const FieldLines& lines) {
  const auto at = [&](const std::string& field) {
    return Location{file, lines.LineOf(field), field};
  };
  if (entry.has_idle_w() && entry.has_tdp_w() && entry.idle_w() >= entry.tdp_w()) {
    return InputError(at("idle_w"), absl::StrCat("is ", entry.idle_w()),
                      absl::StrCat("less than tdp_w, ", entry.tdp_w()));
  }
  if (entry.has_cache_bytes() && entry.cache_bytes() >= entry.memory_bytes()) {
    return InputError(at("cache_bytes"), absl::StrCat("is ", entry.cache_bytes()),
                      absl::StrCat("less than memory_bytes, ", entry.memory_bytes()));
  }
  // A gigabyte that means 2^30 bytes is 7 % larger; displays and firmware take a few per cent.
  constexpr double kLeastVisible = 0.85, kMostVisible = 1.08;
  const double visible = entry.visible_memory_bytes() / entry.memory_bytes();
  if (entry.has_visible_memory_bytes() && (visible < kLeastVisible || visible > kMostVisible)) {
    return InputError(at("visible_memory_bytes"), absl::StrCat("is ", visible, " of memory_bytes"),
                      absl::StrCat("between ", kLeastVisible, " and ", kMostVisible, " of it"));
  }
  if (entry.scale_up_domain() > 1 && entry.scale_up_fabric().empty()) {
    return InputError(at("scale_up_domain"), "a domain without scale_up_fabric",
                      "name the fabric that joins it");
  }
  return absl::OkStatus();
}

void ReadPower(const proto::Accelerator& entry, Accelerator& accelerator) {
  accelerator.tdp = Watts(entry.tdp_w());
  accelerator.idle = Watts(entry.idle_w());
  if (entry.has_matrix_power_ratio()) accelerator.matrix_power = entry.matrix_power_ratio();
  if (entry.has_memory_power_ratio()) accelerator.memory_power = entry.memory_power_ratio();
  if (entry.has_attention_power_ratio()) {
    accelerator.attention_power = entry.attention_power_ratio();
  }
  if (entry.has_network_power_ratio()) accelerator.network_power = entry.network_power_ratio();
  if (entry.has_waiting_power_ratio()) accelerator.waiting_power = entry.waiting_power_ratio();
}

absl::Status ReadPrices(const proto::Accelerator& entry, const std::string& file,
                        const FieldLines& lines, Accelerator& accelerator) {
  const auto at = [&](const std::string& field) {
    return Location{file, lines.LineOf(field), field};
  };
  if (entry.has_price_usd()) {
    ASSIGN_OR_RETURN(accelerator.price_usd, ReadPriceRange(entry.price_usd(), at("price_usd")));
  }
  if (entry.has_rental_usd_per_h()) {
    ASSIGN_OR_RETURN(accelerator.rental_usd_per_h,
                     ReadPriceRange(entry.rental_usd_per_h(), at("rental_usd_per_h")));
  }
  return absl::OkStatus();
}

void ReadIdentity(const proto::Accelerator& entry, Accelerator& accelerator) {
  accelerator.name = entry.name();
  accelerator.aliases.assign(entry.alias().begin(), entry.alias().end());
  accelerator.vendor = entry.vendor();
  accelerator.architecture = entry.architecture();
  accelerator.launch_year = entry.launch_year();
  accelerator.announced = entry.announced();
  accelerator.process_node = entry.process_node();
  if (entry.has_die_area_mm2()) accelerator.die_area_mm2 = entry.die_area_mm2();
  accelerator.compute_units = entry.compute_units();
  if (entry.has_processing_dies()) accelerator.processing_dies = entry.processing_dies();
  if (entry.has_total_processing_performance()) {
    accelerator.stated_tpp = entry.total_processing_performance();
  }
  accelerator.export_status = entry.export_status();
  accelerator.kernel_class = entry.kernel_class();
  accelerator.kernel_class_inferred = entry.kernel_class_inferred();
  accelerator.notes = entry.notes();
}

}  // namespace

absl::StatusOr<Accelerator> ReadAccelerator(const proto::Accelerator& entry,
                                            const std::string& file, const FieldLines& lines) {
  RETURN_IF_ERROR(CheckPresent(
      entry, {"vendor", "peak", "memory_bytes", "memory_bandwidth_bytes_per_s", "kernel_class"},
      file, lines));
  RETURN_IF_ERROR(CheckBounds(entry, AcceleratorBounds(), file, lines));
  RETURN_IF_ERROR(CheckConsistency(entry, file, lines));
  Accelerator accelerator;
  ReadIdentity(entry, accelerator);
  RETURN_IF_ERROR(ReadPeaks(entry, file, lines, accelerator));
  accelerator.memory = Bytes(entry.memory_bytes());
  accelerator.visible_memory = Bytes(entry.visible_memory_bytes());
  accelerator.memory_type = entry.memory_type();
  accelerator.memory_bandwidth = BytesPerSecond(entry.memory_bandwidth_bytes_per_s());
  accelerator.cache = Bytes(entry.cache_bytes());
  accelerator.scale_up_fabric = entry.scale_up_fabric();
  accelerator.scale_up_bandwidth = BytesPerSecond(entry.scale_up_bandwidth_bytes_per_s());
  if (entry.has_scale_up_domain()) accelerator.scale_up_domain = entry.scale_up_domain();
  accelerator.host_link_bandwidth = BytesPerSecond(entry.host_link_bandwidth_bytes_per_s());
  ReadPower(entry, accelerator);
  RETURN_IF_ERROR(ReadPrices(entry, file, lines, accelerator));
  ASSIGN_OR_RETURN(accelerator.evidence, ReadEvidence(entry, file, lines));
  return accelerator;
}

}  // namespace fleetsim
