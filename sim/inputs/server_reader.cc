#include "sim/inputs/server_reader.h"

#include "proto/catalog.pb.h"
#include "sim/inputs/entry_checks.h"
#include "sim/inputs/evidence.h"
#include "sim/inputs/price_range.h"

namespace fleetsim {
namespace {

const std::vector<Bounds>& ServerBounds() {
  static const std::vector<Bounds> kBounds = {
      {"accelerators", 1, 100000, "accelerators in one domain"},
      {"nodes", 1, 10000, "nodes"},
      {"host_memory_bytes", 1e9, 1e16, "bytes; 2 TB is 2e12"},
      {"scale_up_bandwidth_bytes_per_s", 1e9, 1e13, "bytes/s one way; 450 GB/s is 450e9"},
      {"host_link_bandwidth_bytes_per_s", 1e9, 1e12, "bytes/s one way; PCIe 5 x16 is 64e9"},
      {"host_memory_bandwidth_bytes_per_s", 1e10, 1e14, "bytes/s; 600 GB/s is 600e9"},
      {"pairwise_bandwidth_bytes_per_s", 1e9, 1e13, "bytes/s one way; 28 GB/s is 28e9"},
      {"nics", 1, 100000, "ports"},
      {"nic_bandwidth_bytes_per_s", 1e8, 1e12, "bytes/s one way; 400 Gbit/s is 50e9"},
      {"overhead_idle_w", 10, 1e7, "W"},
      {"overhead_max_w", 10, 1e7, "W"},
      {"fan_w", 1, 1e6, "W"},
      {"rack_units", 1, 5000, "rack units"},
      {"racks", 0.01, 1000, "racks"},
      {"floor_space_m2", 0.1, 1e5, "m2"},
      {"weight_kg", 1, 1e6, "kg"},
      {"price_usd.low", 1e3, 1e9, "USD"},
      {"price_usd.typical", 1e3, 1e9, "USD"},
      {"price_usd.high", 1e3, 1e9, "USD"},
      {"base_price_usd", 100, 1e9, "USD"},
  };
  return kBounds;
}

absl::Status CheckConsistency(const proto::Server& entry, const std::string& file,
                              const FieldLines& lines) {
  const auto at = [&](const std::string& field) {
    return Location{file, lines.LineOf(field), field};
  };
  if (entry.has_nics() != entry.has_nic_bandwidth_bytes_per_s()) {
    return InputError(at("nics"), "nics without nic_bandwidth_bytes_per_s, or the reverse",
                      "state both or none");
  }
  if (entry.has_pairwise_bandwidth_bytes_per_s() && entry.has_scale_up_bandwidth_bytes_per_s() &&
      entry.pairwise_bandwidth_bytes_per_s() > entry.scale_up_bandwidth_bytes_per_s()) {
    return InputError(at("pairwise_bandwidth_bytes_per_s"), "is more than all links together",
                      "at most scale_up_bandwidth_bytes_per_s");
  }
  if (entry.has_overhead_idle_w() && entry.overhead_idle_w() > entry.overhead_max_w()) {
    return InputError(at("overhead_idle_w"), "is more than overhead_max_w", "at most as much");
  }
  if (entry.has_fan_w() && entry.fan_w() >= entry.overhead_max_w()) {
    return InputError(at("fan_w"), absl::StrCat("is ", entry.fan_w()),
                      absl::StrCat("less than overhead_max_w, ", entry.overhead_max_w()));
  }
  if (entry.nodes() > 0 && entry.accelerators() % entry.nodes() != 0) {
    return InputError(at("nodes"), absl::StrCat("is ", entry.nodes()),
                      absl::StrCat("a divisor of accelerators, ", entry.accelerators()));
  }
  return absl::OkStatus();
}

void ReadPhysical(const proto::Server& entry, Server& server) {
  server.overhead_idle = Watts(entry.overhead_idle_w());
  server.overhead_max = Watts(entry.overhead_max_w());
  server.fans = Watts(entry.fan_w());
  server.rack_units = entry.rack_units();
  server.racks = entry.racks();
  server.floor_space_m2 = entry.floor_space_m2();
  server.weight_kg = entry.weight_kg();
  server.cooling = entry.cooling();
  server.base_price = Usd(entry.base_price_usd());
  server.host_link_bandwidth = BytesPerSecond(entry.host_link_bandwidth_bytes_per_s());
  server.host_memory_bandwidth = BytesPerSecond(entry.host_memory_bandwidth_bytes_per_s());
}

}  // namespace

absl::StatusOr<Server> ReadServer(const proto::Server& entry, const std::string& file,
                                  const FieldLines& lines) {
  RETURN_IF_ERROR(CheckPresent(entry, {"vendor", "accelerator", "accelerators"}, file, lines));
  RETURN_IF_ERROR(CheckBounds(entry, ServerBounds(), file, lines));
  RETURN_IF_ERROR(CheckConsistency(entry, file, lines));
  Server server;
  server.name = entry.name();
  server.aliases.assign(entry.alias().begin(), entry.alias().end());
  server.vendor = entry.vendor();
  server.accelerator_names.assign(entry.accelerator().begin(), entry.accelerator().end());
  server.accelerators = entry.accelerators();
  if (entry.has_nodes()) server.nodes = entry.nodes();
  server.cpu = entry.cpu();
  server.host_memory = Bytes(entry.host_memory_bytes());
  server.scale_up_fabric = entry.scale_up_fabric();
  server.scale_up_bandwidth = BytesPerSecond(entry.scale_up_bandwidth_bytes_per_s());
  server.pairwise_bandwidth = entry.has_pairwise_bandwidth_bytes_per_s()
                                  ? BytesPerSecond(entry.pairwise_bandwidth_bytes_per_s())
                                  : server.scale_up_bandwidth;
  server.nics = entry.nics();
  server.nic_bandwidth = BytesPerSecond(entry.nic_bandwidth_bytes_per_s());
  ReadPhysical(entry, server);
  if (entry.has_price_usd()) {
    ASSIGN_OR_RETURN(
        server.price_usd,
        ReadPriceRange(entry.price_usd(), Location{file, lines.LineOf("price_usd"), "price_usd"}));
  }
  server.announced = entry.announced();
  server.measured_families.assign(entry.measured_family().begin(), entry.measured_family().end());
  server.notes = entry.notes();
  ASSIGN_OR_RETURN(server.evidence, ReadEvidence(entry, file, lines));
  return server;
}

}  // namespace fleetsim
