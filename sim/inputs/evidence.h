// The evidence of a catalog entry: who vouches for which number. Every reader of entries calls
// this, so that no number enters the catalog without a source.
#ifndef SIM_INPUTS_EVIDENCE_H_
#define SIM_INPUTS_EVIDENCE_H_

#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/accelerator.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

// The `evidence` records of `entry` (a catalog message with `repeated Evidence evidence`).
// Errors: a record without field, kind or source, or with an impossible year; a record that names a
// field the entry does not have; a set field that holds numbers (itself, or inside a message such
// as Range, Peak or Protocol) and that no record names. A choice (ASSUMED) needs no source and year
// but a note that says why; a derived number (ESTIMATED) needs a note that says how.
absl::StatusOr<std::vector<Evidence>> ReadEvidence(const google::protobuf::Message& entry,
                                                   const std::string& file,
                                                   const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_EVIDENCE_H_
