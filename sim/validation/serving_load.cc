#include "sim/validation/serving_load.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/validation/serving_recipe.h"
#include "sim/validation/trtllm_bench.h"

namespace fleetsim {
namespace {

// As TensorRT-LLM's tables queue of most lengths, more of short ones.
constexpr int kQueuedRequests = 3000;
constexpr int kQueuedShortRequests = 12000;
constexpr int kShortTokens = 512;
// Clients' requests after the first of each, so that the run is longer than its beginning.
constexpr int kRounds = 4;
// InferenceX's client sends ten times as many requests as it has open
// (benchmarks/benchmark_lib.sh).
constexpr int kBenchmarkRounds = 10;
constexpr int kPoissonRequests = 1500;
// MLPerf's rules for the Server scenario: queries for ten minutes at least.
constexpr double kServerSeconds = 600;
constexpr int kOfflineRequestsOfAccelerator = 3000;
constexpr double kWeightShare = 0.6;
// Accepted tokens of DeepSeek-V3's own module: 85 to 90 % of second tokens (arXiv 2412.19437,
// section 5.4.3).
constexpr double kDeepSeekAccepted = 1.85;
// MLPerf's GPT-J: 4,016,878 characters in 13,368 answers, at 4.35 characters a token.
constexpr int kGptJAnswer = 69;

absl::Status Missing(absl::string_view what) { return absl::UnimplementedError(what); }

bool Matches(const std::string& text, const char* pattern, std::smatch& match) {
  return std::regex_search(text, match, std::regex(pattern));
}

absl::Status SetLengths(const ServingCase& point, ServingLoad& load,
                        std::vector<std::string>& rules) {
  const std::string& notes = point.measured.notes;
  std::smatch match;
  load.lengths = LengthsOfRequests(point);
  if (point.input_tokens) {
    load.input_tokens = *point.input_tokens;
  } else if (load.lengths != nullptr && load.lengths->input_tokens > 0) {
    load.input_tokens = static_cast<int>(load.lengths->input_tokens);
    rules.push_back(absl::StrCat("mean input length not stated: ", load.input_tokens, ", ",
                                 load.lengths->name));
  } else if (Matches(notes, "ISL<=([0-9]{2,6})", match)) {
    load.input_tokens = std::stoi(match[1]) / 2;
    rules.push_back("mean input length not stated: half of the longest");
  } else {
    return Missing("row does not state the input length");
  }
  if (point.output_tokens) {
    load.output_tokens = *point.output_tokens;
  } else if (absl::StrContains(point.measured.model, "GPT-J")) {
    load.output_tokens = kGptJAnswer;
    rules.push_back("output length not stated: 69, of MLPerf's reference answers");
  } else if (load.kind == LoadKind::kDecodeStep || load.kind == LoadKind::kPrefillStep) {
    load.output_tokens = 1;
  } else {
    return Missing("row does not state the output length");
  }
  load.varied_lengths = point.benchmark == Benchmark::kInferenceX;
  if (load.varied_lengths) rules.push_back("lengths even from 0.8 to 1 of those stated");
  return absl::OkStatus();
}

// Latencies at the 99th percentile that MLCommons' inference rules (v4.1 and v5.1) set a benchmark.
struct ServerLimits {
  const char* model;
  const char* scenario;
  double ttft_s, tpot_s;
};
constexpr ServerLimits kServerLimits[] = {
    {"Llama-2-70B", "Server", 2, 0.2},
    {"Llama-2-70B", "Interactive", 0.45, 0.04},
    {"Mixtral-8x7B", "Server", 2, 0.2},
    {"Llama-3.1-8B", "Server", 2, 0.1},
    {"Llama-3.1-8B", "Interactive", 0.5, 0.03},
    {"Llama-3.1-405B", "Server", 6, 0.175},
    {"Llama-3.1-405B", "Interactive", 4.5, 0.08},
    {"DeepSeek-R1", "Server", 2, 0.08},
};

// A submitted rate is the highest whose 99th percentiles hold.
std::optional<Objectives> LimitsOf(const ServingCase& point) {
  const std::string& notes = point.measured.notes;
  if (!absl::StrContains(notes, "MLPerf")) return std::nullopt;
  for (const ServerLimits& limits : kServerLimits) {
    if (!absl::StartsWith(point.measured.model, limits.model)) continue;
    if (!absl::StartsWith(notes, limits.scenario)) continue;
    return Objectives{.ttft = Seconds(limits.ttft_s), .tpot = Seconds(limits.tpot_s)};
  }
  return std::nullopt;
}

bool RunsAsFixedBatch(const ServingCase& point, const ServingEngine& engine) {
  const std::string& notes = point.measured.notes;
  return engine.defaults.static_batching ||
         absl::StrContains(absl::AsciiStrToLower(notes), "static batch") ||
         absl::StrContains(notes, "fixed batch") ||
         (absl::StartsWith(point.measured.id, "spw-") && point.load != "inf");
}

int Rounds(const ServingCase& point) {
  return point.benchmark == Benchmark::kOther ? kRounds : kBenchmarkRounds;
}

// Of InferenceX's recipes (benchmarks/single_node/fixed_seq_len): vLLM twice the prompt, SGLang
// 32,768, TensorRT-LLM room for a prompt beside all clients, at least 8,192. Of aiconfigurator's
// own runs (src/aiconfigurator/generator/rule_plugin/benchmark): a prompt and all clients, plus
// 1,500.
std::optional<int> RecipeTokenBudget(const ServingCase& point, const ServingLoad& load) {
  if (point.benchmark == Benchmark::kOther || point.split) return std::nullopt;
  if (point.benchmark == Benchmark::kAiconfigurator) {
    return static_cast<int>(load.amount) + load.input_tokens + 1500;
  }
  if (absl::StartsWithIgnoreCase(point.engine, "vllm")) return 2 * load.input_tokens;
  if (absl::StartsWithIgnoreCase(point.engine, "sglang")) return 32768;
  return std::max(8192, load.input_tokens + static_cast<int>(load.amount) + 64);
}

// InferenceX's scripts for DeepSeek-R1 and Qwen3.5 with SGLang on Blackwell:
// SCHEDULER_RECV_INTERVAL.
std::optional<int> RecipePollSteps(const ServingCase& point, const ServingLoad& load) {
  const MeasuredCase& measured = point.measured;
  const std::string board = absl::AsciiStrToLower(measured.accelerator);
  const bool blackwell = absl::StrContains(board, "b200") || absl::StrContains(board, "b300");
  const bool polled =
      absl::StartsWith(measured.model, "DeepSeek") || absl::StartsWith(measured.model, "Qwen3.5");
  if (point.benchmark != Benchmark::kInferenceX || point.split) return std::nullopt;
  if (!blackwell || !polled) return std::nullopt;
  if (!absl::StartsWithIgnoreCase(point.engine, "sglang")) return std::nullopt;
  return load.amount >= 16 ? 30 : 10;
}

// Kind and amount as the column says.
absl::Status SetKind(const ServingCase& point, const ServingEngine& engine, ServingLoad& load) {
  std::smatch match;
  const std::string& text = point.load;
  double number = 0;
  if (absl::SimpleAtod(text, &number) && std::isfinite(number)) {
    load.kind = RunsAsFixedBatch(point, engine) ? LoadKind::kFixedBatch : LoadKind::kClosedLoop;
    load.amount = number;
    load.requests = static_cast<int>(number) * Rounds(point);
  } else if (text == "inf" || text == "offline") {
    load.requests = 0;
  } else if (Matches(text, "^([0-9.]+)/[GN]PU$", match)) {
    load.kind = LoadKind::kDecodeStep;
    load.amount = std::stod(match[1]);
  } else if (Matches(text, "^([0-9]+) tokens/[GN]PU$", match)) {
    load.kind = LoadKind::kPrefillStep;
    load.amount = std::stod(match[1]);
  } else if (Matches(text, "^([0-9]{1,7}) requests at once$", match)) {
    load.requests = std::stoi(match[1]);
    load.amount = load.requests;
  } else if (Matches(text, "^poisson@([0-9.]+) rps$", match)) {
    load.kind = LoadKind::kPoisson;
    load.amount = std::stod(match[1]);
    load.requests = kPoissonRequests;
    if (absl::StrContains(point.measured.notes, "MLPerf")) {
      load.requests = static_cast<int>(std::ceil(load.amount * kServerSeconds));
    }
  } else if (Matches(text, "^trace [a-z]+_0?([0-9]+)\\.jsonl$", match)) {
    load.kind = LoadKind::kPoisson;
    load.amount = std::stod(absl::StrCat("0.", std::string(match[1])));
    load.requests = kPoissonRequests;
  } else {
    return Missing(text.empty() ? "row does not state the load"
                                : absl::StrCat("load '", text, "'"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServingLoad> LoadOf(const ServingCase& point, const ServingEngine& engine,
                                   std::vector<std::string>& rules) {
  ServingLoad load;
  RETURN_IF_ERROR(SetKind(point, engine, load));
  RETURN_IF_ERROR(SetLengths(point, load, rules));
  if (load.requests == 0) {
    const bool is_short = load.input_tokens + load.output_tokens <= kShortTokens;
    load.requests = is_short ? kQueuedShortRequests : kQueuedRequests;
    if (point.load == "offline") {
      load.requests = kOfflineRequestsOfAccelerator * point.measured.accelerators.value_or(1);
    }
    if (const auto stated = TrtllmBenchRequests(point)) {
      load.requests = *stated;
      rules.push_back(absl::StrCat("requests of these lengths in its documentation: ", *stated));
    } else {
      rules.push_back(absl::StrCat("number of requests not stated: ", load.requests));
    }
    load.amount = load.requests;
  }
  load.token_budget = RecipeTokenBudget(point, load);
  if (load.token_budget) {
    rules.push_back(absl::StrCat("token budget of the benchmark's recipe: ", *load.token_budget));
  }
  load.poll_steps = RecipePollSteps(point, load);
  if (load.poll_steps) {
    rules.push_back(
        absl::StrCat("the recipe's engine looks for requests every ", *load.poll_steps, " steps"));
  }
  if (load.kind == LoadKind::kPoisson) load.limits = LimitsOf(point);
  if (load.limits) {
    rules.push_back(absl::StrCat("rate: the highest whose P99 hold ", load.limits->ttft->value(),
                                 " s and ", 1e3 * load.limits->tpot->value(), " ms"));
  }
  if (load.kind == LoadKind::kPoisson && absl::StartsWith(point.load, "trace")) {
    rules.push_back("trace: Poisson at its rate, lengths drawn");
  } else if (load.kind != LoadKind::kPoisson && load.requests == load.amount * Rounds(point)) {
    rules.push_back(absl::StrCat("number of requests not stated: ", Rounds(point), " a client"));
  }
  return load;
}

namespace {

// Both tables write DeepSeek's 8 x 8 of tensor and expert degree on one host as a tensor degree 64.
int TensorDegree(const ServingCase& point, std::vector<std::string>& rules) {
  const int tensor = point.measured.tensor.value_or(1);
  const int expert = point.measured.expert.value_or(1);
  if (expert > 1 && tensor == expert * expert) {
    rules.push_back(absl::StrCat("tensor degree ", tensor, " read as ", expert,
                                 ": expert times tensor degree of the same ranks"));
    return expert;
  }
  return tensor;
}

int FittingTensorDegree(int accelerators, const Accelerator& accelerator, double weight_bytes) {
  const double room = kWeightShare * accelerator.UsableMemory().value();
  int tensor = 1;
  while (tensor * 2 <= std::min(8, accelerators) && weight_bytes / tensor > room) tensor *= 2;
  return tensor;
}

absl::Status SetExperts(const MeasuredCase& measured, const Architecture& model,
                        ServingLayout& layout) {
  if (!model.experts) return absl::OkStatus();
  layout.expert = std::min(measured.expert.value_or(1), layout.StageAccelerators());
  if (layout.StageAccelerators() % layout.expert == 0) return absl::OkStatus();
  return Missing("expert degree does not divide the ranks of a stage");
}

// Runs whose routing was made even say so.
void SetPopularity(const MeasuredCase& measured, const Architecture& model, ServingLayout& layout) {
  const std::string notes = absl::AsciiStrToLower(measured.notes);
  const bool even = absl::StrContains(notes, " balanced experts") ||
                    absl::StrContains(notes, "perfectly balanced") ||
                    absl::StrContains(notes, "perfect expert balance");
  if (model.experts && even) layout.popularity_exponent = 0;
}

// SGLang's scripts for whole experts across hosts (DeepEP): --ep-num-redundant-experts 32
// --eplb-algorithm deepseek, which place them by their load.
void SetRedundantExperts(const ServingCase& point, const Architecture& model, ServingLayout& layout,
                         std::vector<std::string>& rules) {
  constexpr int kOneHost = 8, kRedundant = 32;
  const bool across = layout.expert > kOneHost && layout.attention_data == layout.expert;
  if (!model.experts || !across || !absl::StartsWithIgnoreCase(point.engine, "sglang")) return;
  if ((model.experts->experts + kRedundant) % layout.expert != 0) return;
  layout.redundant_experts = kRedundant;
  rules.push_back("redundant experts not stated: 32, as SGLang's scripts for experts across hosts");
}

}  // namespace

absl::StatusOr<InstanceGroup> GroupOf(const ServingCase& point, const Architecture& model,
                                      const Accelerator& accelerator, double weight_bytes,
                                      std::vector<std::string>& rules) {
  const MeasuredCase& measured = point.measured;
  InstanceGroup group;
  ServingLayout& layout = group.layout;
  if (!measured.accelerators) return Missing("row does not state the number of accelerators");
  int accelerators = *measured.accelerators;
  layout.pipeline = measured.pipeline.value_or(1);
  if (!measured.tensor) {
    layout.tensor = FittingTensorDegree(accelerators, accelerator, weight_bytes);
    group.instances = accelerators / layout.tensor;
    rules.push_back(absl::StrCat("layout not stated: ", group.instances, " instances of ",
                                 layout.tensor, " tensor ranks"));
    RETURN_IF_ERROR(SetExperts(measured, model, layout));
    return group;
  }
  layout.tensor = TensorDegree(point, rules);
  if (layout.tensor != *measured.tensor && accelerators == *measured.tensor * layout.pipeline) {
    accelerators = layout.tensor * layout.pipeline;
  }
  const int data = measured.data.value_or(1);
  const int stage = accelerators / layout.pipeline;
  if (model.experts && data > 1 && stage % data == 0) {
    layout.attention_data = data;
    layout.tensor = stage / data;
  } else {
    group.instances = stage / layout.tensor;
  }
  if (group.instances < 1 || group.instances * layout.Accelerators() != accelerators) {
    return Missing("degrees do not multiply to the number of accelerators");
  }
  RETURN_IF_ERROR(SetExperts(measured, model, layout));
  SetPopularity(point.measured, model, layout);
  SetRedundantExperts(point, model, layout, rules);
  return group;
}

namespace {

// Of rows that say no more than that they speculate.
absl::StatusOr<std::optional<Speculation>> SpeculationOfRecipe(const ServingCase& point,
                                                               std::vector<std::string>& rules) {
  if (!absl::StrContains(point.measured.notes, "speculation")) return std::optional<Speculation>();
  const ServingRecipe* recipe = RecipeOf(point);
  if (recipe == nullptr || recipe->draft_tokens == 0) {
    return Missing("acceptance of speculative decoding is not stated");
  }
  rules.push_back(absl::StrCat("recipe: ", recipe->accepted_tokens, " tokens a step of ",
                               recipe->draft_tokens, " draft tokens"));
  return std::optional<Speculation>(
      {.draft_tokens = recipe->draft_tokens, .accepted_tokens = recipe->accepted_tokens});
}

}  // namespace

absl::StatusOr<std::optional<Speculation>> SpeculationOf(const ServingCase& point,
                                                         std::vector<std::string>& rules) {
  const std::string& notes = point.measured.notes;
  std::smatch match;
  if (!absl::StrContains(notes, "MTP")) return SpeculationOfRecipe(point, rules);
  if (absl::StrContains(notes, "SIMULATED MTP")) return Missing("simulated acceptance");
  if (absl::StrContains(notes, "MTP-3")) {
    return Missing("acceptance of speculative decoding is not stated");
  }
  Speculation speculation;
  if (Matches(notes, "accept length ([0-9.]+)-([0-9.]+)", match)) {
    speculation.accepted_tokens = (std::stod(match[1]) + std::stod(match[2])) / 2;
    if (Matches(notes, "draft ([0-9])\\)", match)) speculation.draft_tokens = std::stoi(match[1]);
  } else {
    speculation.accepted_tokens = kDeepSeekAccepted;
    rules.push_back("acceptance not stated: 1.85 tokens a step of one draft token");
  }
  const int least = static_cast<int>(std::ceil(speculation.accepted_tokens)) - 1;
  speculation.draft_tokens = std::max(speculation.draft_tokens, least);
  return std::optional<Speculation>(speculation);
}

}  // namespace fleetsim
