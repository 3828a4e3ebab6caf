// config.json of models whose layers differ: Nemotron-H (Mamba-2), Qwen3.5 (gated delta net).
#ifndef SIM_INPUTS_HF_HYBRID_READER_H_
#define SIM_INPUTS_HF_HYBRID_READER_H_

#include "sim/base/status.h"
#include "sim/inputs/json_object.h"
#include "sim/model/architecture.h"

namespace fleetsim {

absl::Status ReadNemotronH(const JsonObject& config, Architecture* model);
absl::Status ReadQwen35(const JsonObject& config, Architecture* model);

}  // namespace fleetsim

#endif  // SIM_INPUTS_HF_HYBRID_READER_H_
