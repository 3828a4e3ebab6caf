#include "sim/inputs/failure_record_reader.h"

#include "proto/reliability.pb.h"
#include "sim/inputs/entry_checks.h"
#include "sim/inputs/evidence.h"
#include "sim/inputs/field_check.h"

namespace fleetsim {
namespace {

const std::vector<Bounds>& RecordBounds() {
  static const std::vector<Bounds> kBounds = {
      {"observed_s", 3600, 1e9, "s; a day is 86400"},
      {"observed_accelerators", 1, 1e7, "accelerators"},
      {"observed_hosts", 1, 1e7, "hosts"},
      {"observed_nics", 1, 1e8, "ports"},
      {"observed_switches", 1, 1e6, "switches"},
      {"cause.stops", 1e-6, 1e7, "stops in observed_s"},
      {"cause.detection_s", 0, 1e6, "s"},
      {"detection_s", 0, 1e6, "s"},
      {"restart_s", 0, 1e6, "s"},
      {"restart_s_per_accelerator", 0, 10, "s for each accelerator"},
      {"repair_s", 0, 1e8, "s; a day is 86400"},
      {"planned_interval_s", 3600, 1e9, "s; a day is 86400"},
      {"planned_stop_s", 0, 1e7, "s"},
      {"storage_bandwidth_bytes_per_s_per_accelerator", 1e4, 1e12, "bytes/s; 100 MB/s is 100e6"},
  };
  return kBounds;
}

absl::StatusOr<FailureCause> ReadCause(const FieldCheck& check,
                                       const proto::FailureRecord::Cause& entry,
                                       const FailureRecord& record) {
  RETURN_IF_ERROR(check.Given("name", !entry.name().empty(), "say what it is"));
  RETURN_IF_ERROR(check.Given("stops", entry.stops() > 0, "how many were counted"));
  FailureCause cause{
      .name = entry.name(), .stops = entry.stops(), .loses_host = entry.loses_host()};
  switch (entry.per()) {
    case proto::FailureRecord::ACCELERATOR:
      cause.per = FailureUnit::kAccelerator;
      break;
    case proto::FailureRecord::HOST:
      cause.per = FailureUnit::kHost;
      break;
    case proto::FailureRecord::NIC:
      cause.per = FailureUnit::kNic;
      break;
    case proto::FailureRecord::SWITCH:
      cause.per = FailureUnit::kSwitch;
      break;
    default:
      return check.Wrong("per", "is missing", "give ACCELERATOR, HOST, NIC or SWITCH");
  }
  if (record.observed_units[static_cast<int>(cause.per)] <= 0) {
    return check.Wrong("per", absl::StrCat("is ", proto::FailureRecord::Unit_Name(entry.per())),
                       "the record has to state how many of these were observed");
  }
  if (entry.has_detection_s()) cause.detection = Seconds(entry.detection_s());
  return cause;
}

}  // namespace

absl::StatusOr<FailureRecord> ReadFailureRecord(const proto::FailureRecord& entry,
                                                const std::string& file, const FieldLines& lines) {
  RETURN_IF_ERROR(
      CheckPresent(entry,
                   {"observed_s", "cause", "detection_s", "restart_s", "restart_s_per_accelerator",
                    "repair_s", "storage_bandwidth_bytes_per_s_per_accelerator"},
                   file, lines));
  RETURN_IF_ERROR(CheckBounds(entry, RecordBounds(), file, lines));
  FailureRecord record;
  record.name = entry.name();
  record.aliases.assign(entry.alias().begin(), entry.alias().end());
  record.accelerators.assign(entry.accelerator().begin(), entry.accelerator().end());
  record.observed = Seconds(entry.observed_s());
  record.observed_units = {entry.observed_accelerators(), entry.observed_hosts(),
                           entry.observed_nics(), entry.observed_switches()};
  const FieldCheck check(file, lines);
  for (int i = 0; i < entry.cause_size(); ++i) {
    ASSIGN_OR_RETURN(FailureCause cause, ReadCause(check.Inside(absl::StrCat("cause[", i, "]")),
                                                   entry.cause(i), record));
    record.causes.push_back(std::move(cause));
  }
  record.detection = Seconds(entry.detection_s());
  record.restart = Seconds(entry.restart_s());
  record.restart_per_accelerator = Seconds(entry.restart_s_per_accelerator());
  record.repair = Seconds(entry.repair_s());
  if (entry.has_planned_interval_s()) record.planned_interval = Seconds(entry.planned_interval_s());
  record.planned_stop = Seconds(entry.planned_stop_s());
  record.storage_per_accelerator =
      BytesPerSecond(entry.storage_bandwidth_bytes_per_s_per_accelerator());
  record.notes = entry.notes();
  ASSIGN_OR_RETURN(record.evidence, ReadEvidence(entry, file, lines));
  return record;
}

}  // namespace fleetsim
