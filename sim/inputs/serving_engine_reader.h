// Serving engine entries of the catalog.
#ifndef SIM_INPUTS_SERVING_ENGINE_READER_H_
#define SIM_INPUTS_SERVING_ENGINE_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/serving_engine.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {

namespace proto {
class ServingEngine;
}  // namespace proto

// Checks and converts one entry; `file` and `lines` for errors.
absl::StatusOr<ServingEngine> ReadServingEngine(const proto::ServingEngine& entry,
                                                const std::string& file, const FieldLines& lines);

}  // namespace fleetsim

#endif  // SIM_INPUTS_SERVING_ENGINE_READER_H_
