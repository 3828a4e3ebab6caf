// A fabric from its catalog entry.
#ifndef SIM_INPUTS_FABRIC_READER_H_
#define SIM_INPUTS_FABRIC_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/fabric.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

namespace proto {
class Fabric;
}

// The checked struct of a parsed entry. Errors name `file`, the line and the field: a number
// missing where its kind of fabric needs it, out of range or without evidence; a topology or
// protocol that does not belong to the kind; protocols that leave an operation unserved.
absl::StatusOr<Fabric> ReadFabric(const proto::Fabric& entry, const std::string& file,
                                  const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_FABRIC_READER_H_
