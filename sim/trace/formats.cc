#include "absl/strings/str_join.h"
#include "sim/base/nearest.h"
#include "sim/trace/format.h"

namespace fleetsim {

const std::vector<TraceFormat>& TraceFormats() {
  static const auto& formats = *new std::vector<TraceFormat>{
      {"azure-llm", "CSV: TIMESTAMP, ContextTokens, GeneratedTokens", 0, AzureLlmReader},
      {"burstgpt", "CSV: Timestamp (s), Request tokens, Response tokens, [Session ID]", 0,
       BurstGptReader},
      {"csv", "CSV: arrival_s, input_tokens, output_tokens, [session], [priority]", 0,
       PlainCsvReader},
      {"mooncake", "JSON lines: timestamp (ms), input_length, output_length, hash_ids",
       kMooncakeBlockTokens, MooncakeReader},
      {"qwen-bailian",
       "JSON lines: chat_id, parent_chat_id, timestamp (s), input_length, output_length, hash_ids",
       kQwenBailianBlockTokens, QwenBailianReader},
  };
  return formats;
}

absl::StatusOr<TraceFormat> FindTraceFormat(const std::string& name) {
  std::vector<std::string> names;
  for (const TraceFormat& format : TraceFormats()) {
    if (format.name == name) return format;
    names.emplace_back(format.name);
  }
  const std::vector<std::string> near = NearestNames(name, names, 1);
  return InputError(
      {"FORMAT"}, absl::StrCat("unknown format \"", name, "\""),
      absl::StrCat(near.empty() ? "" : absl::StrCat("did you mean \"", near[0], "\"? "),
                   "there are ", absl::StrJoin(names, ", ")));
}

}  // namespace fleetsim
