// FailureRecord entries of the catalog: from the parsed message to the checked struct.
#ifndef SIM_INPUTS_FAILURE_RECORD_READER_H_
#define SIM_INPUTS_FAILURE_RECORD_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/failure_record.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

namespace proto {
class FailureRecord;
}

// Errors name `file`, the line and the field: something missing, a number out of range or without
// evidence, a cause of units whose number was not observed. References are not looked up here.
absl::StatusOr<FailureRecord> ReadFailureRecord(const proto::FailureRecord& entry,
                                                const std::string& file, const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_FAILURE_RECORD_READER_H_
