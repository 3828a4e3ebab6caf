// Hugging Face config.json as a model architecture.
#ifndef SIM_INPUTS_HF_CONFIG_READER_H_
#define SIM_INPUTS_HF_CONFIG_READER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/model/architecture.h"

namespace fleetsim {

// The content looks like a JSON object (a textproto never starts with a brace).
bool LooksLikeJson(absl::string_view content);

// `path` is for error messages and for the name. Understands the `model_type`s llama, mistral,
// qwen2, qwen3, qwen3_moe, mixtral and deepseek_v3 with the meaning and the defaults that the
// transformers library gives their fields; any other is an error that lists the known ones.
absl::StatusOr<Architecture> ParseHfConfig(const std::string& path, const std::string& content);

}  // namespace fleetsim

#endif  // SIM_INPUTS_HF_CONFIG_READER_H_
