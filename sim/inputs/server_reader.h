// Server entries of the catalog: from the parsed message to the checked struct.
#ifndef SIM_INPUTS_SERVER_READER_H_
#define SIM_INPUTS_SERVER_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/server.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

namespace proto {
class Server;
}

// Errors name `file`, the line and the field: something missing, a number out of range or without
// evidence, fields that contradict each other. References to other entries are not looked up here.
absl::StatusOr<Server> ReadServer(const proto::Server& entry, const std::string& file,
                                  const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVER_READER_H_
