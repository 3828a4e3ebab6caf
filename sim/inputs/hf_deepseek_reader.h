// config.json of DeepSeek-V3, of V3.2 and the models that share its sparse attention, and of V4.
#ifndef SIM_INPUTS_HF_DEEPSEEK_READER_H_
#define SIM_INPUTS_HF_DEEPSEEK_READER_H_

#include "sim/base/status.h"
#include "sim/inputs/json_object.h"
#include "sim/model/architecture.h"

namespace fleetsim {

absl::Status ReadDeepSeekV3(const JsonObject& config, Architecture* model);
absl::Status ReadDeepSeekV32(const JsonObject& config, Architecture* model);  // GLM-5, too
absl::Status ReadDeepSeekV4(const JsonObject& config, Architecture* model);

}  // namespace fleetsim

#endif  // SIM_INPUTS_HF_DEEPSEEK_READER_H_
