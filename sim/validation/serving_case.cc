#include "sim/validation/serving_case.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sim/serving/kv_capacity.h"
#include "sim/validation/case_fleet.h"
#include "sim/validation/case_model.h"
#include "sim/validation/serving_formats.h"
#include "sim/validation/serving_recipe.h"
#include "sim/validation/split_pools.h"
#include "sim/validation/trtllm_bench.h"

namespace fleetsim {
namespace {

constexpr double kLeastLength = 0.8;  // of the stated one, InferenceX's random range ratio
constexpr int kLengthSteps = 8;
// NVIDIA's Server configurations run for 40 minutes (min_duration, MLPerf Inference v4.1): near
// saturation a queue takes long to settle.
constexpr double kSearchSeconds = 2400;
// Largest batch of NVIDIA's Llama-2-70B configurations there, on H200 (gpu_batch_size; 806 to 1,024
// on others).
constexpr int kServerBatch = 896;

// In lower case; where the source states no release, that of its time: InferenceX began in October
// 2025, MLPerf Inference v5.1 closed in August 2025.
std::string EngineText(const ServingCase& point) {
  std::string text(absl::StripAsciiWhitespace(absl::AsciiStrToLower(point.engine)));
  const ServingRecipe* recipe = RecipeOf(point);
  if (recipe != nullptr && recipe->full_graphs) return absl::StrCat(text, " full graphs");
  const bool nightly = absl::StrContains(text, "nightly");
  // A release of Dynamo, whose image holds the engine of its time (tensorrtllm-runtime 0.8.1).
  if (point.split && absl::StartsWith(text, "trtllm 0.")) return "trtllm 1.2";
  if (!nightly && std::any_of(text.begin(), text.end(), absl::ascii_isdigit)) return text;
  if (nightly) text = text.substr(0, text.find(' '));
  const bool sample = point.benchmark != Benchmark::kOther;
  if (!sample && !absl::StrContains(point.measured.source, "v5.1")) return text;
  if (text == "vllm") return sample ? "vllm 0.16" : "vllm 0.9";
  if (text == "trtllm" || text == "tensorrt-llm") return sample ? "trtllm 1.2" : "trtllm 1.0";
  return text;
}

// The engine whose `measured_engine` is the longest text in the row's.
absl::StatusOr<const ServingEngine*> EngineOf(const ServingCase& point, const Catalog& catalog) {
  const std::string written =
      absl::StrCat(EngineText(point), " on ", absl::AsciiStrToLower(point.measured.accelerator));
  const ServingEngine* found = nullptr;
  size_t longest = 0;
  for (const auto& [name, engine] : catalog.engines) {
    for (const std::string& text : engine.measured_engines) {
      if (text.size() <= longest || !absl::StrContains(written, absl::AsciiStrToLower(text)))
        continue;
      found = &engine;
      longest = text.size();
    }
  }
  if (found != nullptr) return found;
  return absl::NotFoundError(absl::StrCat("no engine in the catalog for '", point.engine, "'"));
}

// Of the whole model on one accelerator.
double WeightBytesOf(const Architecture& model, const ServingEngine& engine,
                     const ServingPrecision& precision) {
  InstanceSpec spec;
  spec.model = &model;
  spec.engine = &engine;
  spec.precision = precision;
  return StageWeights(spec, 0).value();
}

LengthDistribution LengthsOf(int tokens, bool varied, const LengthShape* shape) {
  if (shape != nullptr) return ShapedLengths(*shape, tokens);
  if (!varied) return {{static_cast<double>(tokens)}, {1.0}};
  LengthDistribution lengths;
  for (int i = 0; i <= kLengthSteps; ++i) {
    const double share = kLeastLength + (1 - kLeastLength) * i / kLengthSteps;
    lengths.tokens.push_back(std::max(1.0, std::floor(tokens * share)));
    lengths.weights.push_back(1.0 / (kLengthSteps + 1));
  }
  return ListedLengths(lengths.tokens, lengths.weights);
}

TrafficRequest TrafficOf(const ServingLoad& load) {
  TrafficRequest traffic;
  if (load.kind == LoadKind::kPoisson) {
    traffic.source = ArrivalRequest{.rate_per_s = load.amount};
  } else {
    traffic.source = ClosedLoopRequest{.concurrency = static_cast<int>(load.amount)};
  }
  const RequestLengths* known = load.lengths;
  traffic.input =
      LengthsOf(load.input_tokens, load.varied_lengths, known ? &known->input : nullptr);
  traffic.output =
      LengthsOf(load.output_tokens, load.varied_lengths, known ? &known->output : nullptr);
  traffic.requests = load.requests;
  if (load.limits) {
    traffic.requests.reset();
    traffic.duration = Seconds(kSearchSeconds);
  }
  return traffic;
}

// Splitwise caps its H100 at half the board's power (Patel et al. 2024, section VI).
constexpr char kCapped[] = " power-capped";
constexpr double kCappedWatts = 350;

std::string BoardOf(const MeasuredCase& measured) {
  return std::string(absl::StripSuffix(measured.accelerator, kCapped));
}

// Zero: none.
double PowerCapOf(const ServingCase& point, std::vector<std::string>& rules) {
  std::smatch match;
  const std::string& notes = point.measured.notes;
  if (absl::EndsWith(point.measured.accelerator, kCapped)) {
    rules.push_back(absl::StrCat("power cap not stated: ", kCappedWatts, " W, as the paper"));
    return kCappedWatts;
  }
  const std::regex stated("power capped ([0-9]{2,4}) W");
  return std::regex_search(notes, match, stated) ? std::stod(match[1]) : 0;
}

// An Atlas 800 A3 has eight packages of two dies, which software sees as accelerators.
int OfHost(const std::string& accelerator) {
  return absl::StrContains(absl::AsciiStrToLower(accelerator), "-die") ? 16 : 8;
}

absl::StatusOr<FleetRequest> HardwareOf(const ServingCase& point, const InstanceGroup& group,
                                        const Catalog& catalog, std::vector<std::string>& rules) {
  MeasuredCase measured = point.measured;
  measured.accelerators = group.instances * group.layout.Accelerators();
  const int of_host = OfHost(measured.accelerator);
  measured.per_node = std::min(of_host, *measured.accelerators);
  measured.accelerator = BoardOf(measured);
  Strategy strategy;
  strategy.tensor = std::min(of_host, group.layout.StageAccelerators());
  strategy.data = *measured.accelerators / strategy.tensor;
  ASSIGN_OR_RETURN(FleetRequest fleet, FleetOf(measured, strategy, catalog, rules));
  return fleet;
}

// What the row leaves to the recipe that it ran.
void SetRecipe(const ServingCase& point, EngineRequest& options, std::vector<std::string>& rules) {
  const ServingRecipe* recipe = RecipeOf(point);
  if (recipe == nullptr) return;
  if (recipe->max_sequences > 0) options.max_sequences = recipe->max_sequences;
  if (recipe->token_budget > 0) options.token_budget = recipe->token_budget;
  rules.push_back(absl::StrCat("recipe: at most ", recipe->max_sequences, " sequences a replica, ",
                               recipe->token_budget, " tokens a step (0: default), ",
                               recipe->full_graphs ? "full graphs" : "graphs in pieces"));
}

// One pool of instances, and where it stands.
absl::Status SetPool(const ServingCase& point, const Accelerator& accelerator,
                     const ServingEngine& engine, const Catalog& catalog,
                     ServingTranslation& result) {
  ServingJob& job = result.job;
  ASSIGN_OR_RETURN(const InstanceGroup group,
                   GroupOf(point, job.model, accelerator,
                           WeightBytesOf(job.model, engine, job.precision), result.rules));
  PoolRequest pool;
  pool.layout = group.layout;
  pool.instances = group.instances;
  pool.options = TrtllmBenchOptions(point, job, group.layout, accelerator, result.rules);
  if (result.load.token_budget) pool.options.token_budget = result.load.token_budget;
  pool.options.poll_steps = result.load.poll_steps;
  SetRecipe(point, pool.options, result.rules);
  if (result.load.limits && absl::StartsWith(point.measured.model, "Llama-2-70B") &&
      absl::StartsWithIgnoreCase(point.engine, "tensorrt")) {
    pool.options.max_sequences = kServerBatch;
    result.rules.push_back(absl::StrCat("largest batch: ", kServerBatch, ", as NVIDIA's"));
  }
  job.pools.push_back(pool);
  ASSIGN_OR_RETURN(result.fleet, HardwareOf(point, group, catalog, result.rules));
  return absl::OkStatus();
}

// The side of "GEMM bf16 8192^3"; zero: no single product.
int ProductSide(const ServingCase& point) {
  std::smatch match;
  const std::regex square("^GEMM [a-z0-9]+ ([0-9]{1,6})\\^3$");
  return std::regex_match(point.measured.model, match, square) ? std::stoi(match[1]) : 0;
}

// A product in the format of the row's bits, as the engine runs it, on one accelerator.
absl::StatusOr<ServingTranslation> TranslateProduct(const ServingCase& point,
                                                    const Accelerator& accelerator,
                                                    const ServingEngine& engine,
                                                    const Catalog& catalog) {
  ServingTranslation result;
  result.job.engine = engine.name;
  ASSIGN_OR_RETURN(result.job.precision,
                   FormatsOf(point, result.job.model, accelerator, result.rules));
  result.load.kind = LoadKind::kProduct;
  result.load.product_side = ProductSide(point);
  result.job.pools.push_back({.instances = 1});
  ASSIGN_OR_RETURN(result.fleet, HardwareOf(point, InstanceGroup(), catalog, result.rules));
  result.fleet.power_cap_w = PowerCapOf(point, result.rules);
  return result;
}

}  // namespace

absl::StatusOr<ServingTranslation> TranslateServing(const ServingCase& point,
                                                    const Catalog& catalog, const Models& models) {
  if (ProductSide(point) > 0) {
    ASSIGN_OR_RETURN(const Accelerator* accelerator,
                     FindAccelerator(catalog, BoardOf(point.measured)));
    ASSIGN_OR_RETURN(const ServingEngine* engine, EngineOf(point, catalog));
    return TranslateProduct(point, *accelerator, *engine, catalog);
  }
  ServingTranslation result;
  ServingJob& job = result.job;
  ASSIGN_OR_RETURN(job.model, ModelOf(point.measured, models, result.rules));
  ASSIGN_OR_RETURN(const Accelerator* accelerator,
                   FindAccelerator(catalog, BoardOf(point.measured)));
  ASSIGN_OR_RETURN(const ServingEngine* engine, EngineOf(point, catalog));
  job.engine = engine->name;
  ASSIGN_OR_RETURN(job.precision, FormatsOf(point, job.model, *accelerator, result.rules));
  ASSIGN_OR_RETURN(result.load, LoadOf(point, *engine, result.rules));
  ASSIGN_OR_RETURN(job.speculation, SpeculationOf(point, result.rules));
  if (job.speculation && job.model.multi_token_prediction_layers == 0) {
    job.model.multi_token_prediction_layers = 1;
    result.rules.push_back("draft model: one more layer of the model's own");
  }
  if (point.split) {
    RETURN_IF_ERROR(SetSplitPools(point, job, result.rules));
    ASSIGN_OR_RETURN(result.fleet, SplitFleetOf(point.measured, job, catalog, result.rules));
  } else {
    RETURN_IF_ERROR(SetPool(point, *accelerator, *engine, catalog, result));
  }
  result.fleet.power_cap_w = PowerCapOf(point, result.rules);
  job.traffic = TrafficOf(result.load);
  if (result.load.limits) job.objectives = *result.load.limits;
  result.accelerators = 0;
  for (const PoolRequest& pool : job.pools) {
    result.accelerators += *pool.instances * pool.layout.Accelerators();
  }
  return result;
}

std::string SimulationKey(const ServingTranslation& translation) {
  const ServingJob& job = translation.job;
  const ServingLoad& load = translation.load;
  const auto format = [](const ProductFormat& product) {
    return absl::StrCat(static_cast<int>(product.weights.dtype), ".",
                        static_cast<int>(product.weights.scaling), ".",
                        static_cast<int>(product.activations.dtype), ".",
                        static_cast<int>(product.activations.scaling));
  };
  std::string key =
      absl::StrCat(job.model.name, "|", job.engine, "|", translation.fleet.accelerator->name, "|",
                   translation.fleet.server->name, "|", translation.fleet.power_cap_w, "|",
                   format(job.precision.products), "|", format(job.precision.experts), "|",
                   static_cast<int>(job.precision.cache));
  for (const PoolRequest& pool : job.pools) {
    const ServingLayout& layout = pool.layout;
    absl::StrAppend(
        &key, "|", static_cast<int>(pool.role), "|", layout.tensor, "|", layout.pipeline, "|",
        layout.attention_data, "|", layout.expert, "|", *pool.instances, "|",
        pool.options.token_budget.value_or(0), "|", pool.options.max_sequences.value_or(0), "|",
        pool.options.memory_ratio.value_or(0), "|", pool.options.poll_steps.value_or(1));
  }
  absl::StrAppend(&key, "|", static_cast<int>(job.router.policy), "|", static_cast<int>(load.kind),
                  "|", load.amount, "|", load.requests, "|", load.input_tokens, "|",
                  load.output_tokens, "|", load.varied_lengths, "|",
                  load.lengths != nullptr ? load.lengths->name : "", "|",
                  load.limits ? load.limits->tpot->value() : 0, "|", load.product_side);
  if (job.speculation) {
    absl::StrAppend(&key, "|", job.speculation->draft_tokens, "|",
                    job.speculation->accepted_tokens);
  }
  return key;
}

}  // namespace fleetsim
