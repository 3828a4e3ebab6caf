#include "sim/validation/trtllm_bench.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fleetsim {
namespace {

constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;

// docs/source/performance/perf-overview.md of 0.12 to 1.0, developer-guide/perf-overview.md of
// 2026.
struct BenchLengths {
  int input, output, requests;
};
constexpr BenchLengths kLengths[] = {{128, 128, 30000},   {128, 2048, 3000},   {128, 4096, 1500},
                                     {500, 2000, 3000},   {1000, 1000, 3000},  {1000, 2000, 1500},
                                     {2048, 128, 3000},   {2048, 2048, 1500},  {5000, 500, 1500},
                                     {20000, 2000, 1000}, {1024, 1024, 3000},  {8192, 1024, 1500},
                                     {1024, 8192, 1500},  {32768, 1024, 1000}, {1024, 32768, 1000}};

// Of the engine's release; zero: no table of highest throughput.
double ReleaseOf(const ServingCase& point) {
  absl::string_view engine = point.engine;
  if (point.load != "inf" || !absl::ConsumePrefix(&engine, "TensorRT-LLM ")) return 0;
  if (absl::StartsWith(engine, "0.12")) return 0.12;
  if (absl::StartsWith(engine, "0.14")) return 0.14;
  return absl::StartsWith(engine, "1.") ? 1 : 0;
}

// The same page: --kv_cache_free_gpu_mem_fraction. 0.12 runs gptManagerBenchmark with 0.99, on
// GH200 with 0.95; later "in many cases" 0.95.
double MemoryRatio(double release, const ServingCase& point) {
  const bool grace = absl::StrContains(point.measured.accelerator, "GH200");
  return release == 0.12 && !grace ? 0.99 : 0.95;
}

double RoundedUp(double value, double step) { return step * std::ceil(value / step); }

// Bytes of a weight as tensorrt_llm/bench/build/tuning.py counts them; zero: formats that it leaves
// at the engine's defaults.
double BenchWeightBytes(NumberFormat format) {
  if (!IsNarrow(format.dtype)) return 2;
  if (format.dtype == DataType::kFp8) return 1;
  return format.scaling == Scaling::kNv ? 0.5 : 0;
}

struct BenchSetting {
  int sequences = 0, tokens = 0;
};

// calc_engine_setting and finetune_setting of the same file: sequences that the cache holds, at
// most 4,096, and the tokens of their steady state.
BenchSetting SettingOf(double cached_sequences, double input, double output) {
  const double batch = std::min(cached_sequences, 4096.0);
  const double tokens = std::min(batch * (1 + input / output), 32768.0);
  BenchSetting setting;
  setting.sequences = static_cast<int>(batch < 256    ? std::max(64.0, RoundedUp(batch, 32))
                                       : batch < 1024 ? RoundedUp(batch, 128)
                                                      : RoundedUp(batch, 256));
  setting.tokens = static_cast<int>(tokens < 4096   ? std::max(2048.0, RoundedUp(tokens, 256))
                                    : tokens < 8192 ? RoundedUp(tokens, 512)
                                                    : RoundedUp(tokens, 1024));
  return setting;
}

// Prompts are not cut: the budget holds a prompt beside the largest batch (get_settings of
// tensorrt_llm/bench/benchmark/utils/general.py).
BenchSetting Uncut(BenchSetting setting, int input) {
  setting.tokens = std::max(setting.tokens, input + setting.sequences);
  return setting;
}

std::optional<BenchSetting> TunedSetting(const ServingCase& point, const ServingJob& job,
                                         const ServingLayout& layout,
                                         const Accelerator& accelerator, double ratio) {
  const Architecture& model = job.model;
  if (!point.input_tokens || !point.output_tokens || model.latent) return std::nullopt;
  const double input = *point.input_tokens, output = *point.output_tokens;
  const double weight = BenchWeightBytes(job.precision.experts.weights);
  if (weight == 0) return Uncut({2048, 8192}, *point.input_tokens);
  const double heads = std::max(layout.StageAccelerators(), model.kv_heads);
  const double token =
      2.0 * model.layers * heads * model.head_dim * (IsNarrow(job.precision.cache) ? 1 : 2) / kGibi;
  const double memory = accelerator.memory.value() / kGibi * layout.Accelerators();
  const double free = memory - CountParameters(model).Total() * weight / kGibi;
  if (free <= 0) return std::nullopt;
  return Uncut(SettingOf(free * ratio / (token * (input + output)), input, output),
               *point.input_tokens);
}

}  // namespace

std::optional<int> TrtllmBenchRequests(const ServingCase& point) {
  if (ReleaseOf(point) == 0) return std::nullopt;
  for (const BenchLengths& lengths : kLengths) {
    if (point.input_tokens == lengths.input && point.output_tokens == lengths.output) {
      return lengths.requests;
    }
  }
  return std::nullopt;
}

EngineRequest TrtllmBenchOptions(const ServingCase& point, const ServingJob& job,
                                 const ServingLayout& layout, const Accelerator& accelerator,
                                 std::vector<std::string>& rules) {
  EngineRequest options;
  const double release = ReleaseOf(point);
  if (release == 0) return options;
  options.memory_ratio = MemoryRatio(release, point);
  std::string rule =
      absl::StrCat("as its documentation: cache ", *options.memory_ratio, " of the free memory");
  if (release == 0.12) options.chunked_prefill = true;  // --enable_chunked_context
  // trtllm-bench on the PyTorch backend.
  if (release >= 1) {
    options.chunked_prefill = false;
    if (const auto setting = TunedSetting(point, job, layout, accelerator, *options.memory_ratio)) {
      options.max_sequences = setting->sequences;
      options.token_budget = setting->tokens;
      absl::StrAppend(&rule, ", largest batch ", setting->sequences, ", token budget ",
                      setting->tokens);
    }
  }
  rules.push_back(rule);
  return options;
}

}  // namespace fleetsim
