#include "sim/inputs/reliability_reader.h"

#include <utility>

#include "proto/reliability.pb.h"

namespace fleetsim {
namespace {

// Far beyond anything planned: what exceeds them is a slip of the pen.
constexpr double kMaxSeconds = 1e9;
constexpr double kMaxBytes = 1e18;
constexpr double kMaxHosts = 1e6;
constexpr double kMaxSeeds = 1e6;
constexpr double kMaxRateRatio = 1e4;
// A shape below makes most intervals nothing and a few endless.
constexpr double kMinShape = 0.2, kMaxShape = 10.0;
constexpr double kMaxSpread = 0.2;

// Reads an optional number of the message at `check` into an optional quantity.
template <class T>
absl::Status ReadOptional(const FieldCheck& check, const char* field, bool given, double value,
                          double low, double high, std::optional<T>& into) {
  if (!given) return absl::OkStatus();
  RETURN_IF_ERROR(check.InRange(field, value, low, high));
  into = T(value);
  return absl::OkStatus();
}

absl::StatusOr<CheckpointRequest> ReadCheckpoint(const FieldCheck& check,
                                                 const proto::Reliability::Checkpoint& entry) {
  CheckpointRequest request;
  request.asynchronous = entry.mode() == proto::Reliability::Checkpoint::ASYNCHRONOUS;
  RETURN_IF_ERROR(ReadOptional(check, "interval_s", entry.has_interval_s(), entry.interval_s(), 0,
                               kMaxSeconds, request.interval));
  RETURN_IF_ERROR(
      ReadOptional(check, "bytes", entry.has_bytes(), entry.bytes(), 0, kMaxBytes, request.bytes));
  RETURN_IF_ERROR(ReadOptional(
      check, "storage_bandwidth_bytes_per_s", entry.has_storage_bandwidth_bytes_per_s(),
      entry.storage_bandwidth_bytes_per_s(), 1, kMaxBytes, request.storage_bandwidth));
  RETURN_IF_ERROR(ReadOptional(check, "pause_s", entry.has_pause_s(), entry.pause_s(), 0,
                               kMaxSeconds, request.pause));
  if (request.pause && !request.asynchronous) {
    return check.Wrong("pause_s", "is given for a BLOCKING checkpoint",
                       "mode: ASYNCHRONOUS, or leave it out: training waits for the whole write");
  }
  return request;
}

absl::StatusOr<SpareRequest> ReadSpares(const FieldCheck& check,
                                        const proto::Reliability::Spares& entry) {
  RETURN_IF_ERROR(check.InRange("hosts", entry.hosts(), 0, kMaxHosts));
  return SpareRequest{entry.accelerator(), entry.hosts(), check.At("accelerator")};
}

absl::Status ReadTimes(const FieldCheck& check, const proto::Reliability& entry,
                       ReliabilityRequest& request) {
  const auto read = [&](const char* field, bool given, double value, std::optional<Seconds>& into) {
    return ReadOptional(check, field, given, value, 0, kMaxSeconds, into);
  };
  RETURN_IF_ERROR(
      read("detection_s", entry.has_detection_s(), entry.detection_s(), request.detection));
  RETURN_IF_ERROR(read("restart_s", entry.has_restart_s(), entry.restart_s(), request.restart));
  RETURN_IF_ERROR(read("repair_s", entry.has_repair_s(), entry.repair_s(), request.repair));
  RETURN_IF_ERROR(read("planned_interval_s", entry.has_planned_interval_s(),
                       entry.planned_interval_s(), request.planned_interval));
  return read("planned_stop_s", entry.has_planned_stop_s(), entry.planned_stop_s(),
              request.planned_stop);
}

}  // namespace

absl::StatusOr<ReliabilityRequest> ReadReliability(const FieldCheck& check,
                                                   const proto::Reliability& entry) {
  ReliabilityRequest request;
  request.record = entry.record();
  request.record_place = check.At("record");
  if (entry.has_failure_rate_ratio()) {
    RETURN_IF_ERROR(
        check.InRange("failure_rate_ratio", entry.failure_rate_ratio(), 0, kMaxRateRatio));
    request.failure_rate = entry.failure_rate_ratio();
  }
  if (entry.has_failure_shape()) {
    RETURN_IF_ERROR(check.InRange("failure_shape", entry.failure_shape(), kMinShape, kMaxShape));
    request.failure_shape = entry.failure_shape();
  }
  RETURN_IF_ERROR(ReadTimes(check, entry, request));
  ASSIGN_OR_RETURN(request.checkpoint,
                   ReadCheckpoint(check.Inside("checkpoint"), entry.checkpoint()));
  for (int i = 0; i < entry.spares_size(); ++i) {
    ASSIGN_OR_RETURN(SpareRequest spares,
                     ReadSpares(check.Inside(absl::StrCat("spares[", i, "]")), entry.spares(i)));
    request.spares.push_back(std::move(spares));
  }
  request.elastic = entry.elastic();
  if (entry.has_speed_spread_ratio()) {
    RETURN_IF_ERROR(check.InRange("speed_spread_ratio", entry.speed_spread_ratio(), 0, kMaxSpread));
    request.speed_spread = entry.speed_spread_ratio();
  }
  if (entry.has_seeds()) {
    RETURN_IF_ERROR(check.InRange("seeds", entry.seeds(), 1, kMaxSeeds));
    request.seeds = entry.seeds();
  }
  return request;
}

}  // namespace fleetsim
