#include "sim/inputs/serving_pool_reader.h"

#include <string>
#include <utility>

#include "proto/serving.pb.h"

namespace fleetsim {
namespace {

constexpr double kMaxInstances = 100'000;
constexpr double kMaxDegree = 100'000;
constexpr double kMaxTokens = 1e7;
constexpr double kMaxSequences = 1e6;
constexpr double kMaxBlocks = 1e9;
constexpr double kMaxWait = 1e7;  // seconds
constexpr double kMaxExpertLoad = 100;
constexpr double kSteepestPopularity = 10;

// A number that is given and in range replaces the one there.
absl::Status Take(const FieldCheck& check, const char* field, bool given, int value, double low,
                  double high, std::optional<int>& result) {
  if (!given) return absl::OkStatus();
  RETURN_IF_ERROR(check.InRange(field, value, low, high));
  result = value;
  return absl::OkStatus();
}

absl::Status TakeDegree(const FieldCheck& check, const char* field, bool given, int value,
                        int& result) {
  if (!given) return absl::OkStatus();
  RETURN_IF_ERROR(check.InRange(field, value, 1, kMaxDegree));
  result = value;
  return absl::OkStatus();
}

absl::Status TakeSeconds(const FieldCheck& check, const char* field, bool given, double value,
                         Seconds& result) {
  if (!given) return absl::OkStatus();
  RETURN_IF_ERROR(check.InRange(field, value, 0, kMaxWait));
  result = Seconds(value);
  return absl::OkStatus();
}

absl::Status ReadChoices(const FieldCheck& check, const proto::EngineOptions& entry,
                         EngineRequest& options) {
  switch (entry.preemption()) {
    case proto::EngineOptions::PREEMPTION_UNSPECIFIED:
      break;
    case proto::EngineOptions::RECOMPUTE:
      options.preemption = Preemption::kRecompute;
      break;
    case proto::EngineOptions::SWAP:
      options.preemption = Preemption::kSwap;
      break;
    default:
      return check.Wrong("preemption", absl::StrCat("is ", entry.preemption()),
                         "give RECOMPUTE or SWAP");
  }
  switch (entry.scheduling()) {
    case proto::EngineOptions::SCHEDULING_UNSPECIFIED:
      break;
    case proto::EngineOptions::FIRST_COME:
      options.order = QueueOrder::kFirstCome;
      break;
    case proto::EngineOptions::PRIORITY:
      options.order = QueueOrder::kPriority;
      break;
    case proto::EngineOptions::SHORTEST_PROMPT:
      options.order = QueueOrder::kShortestFirst;
      break;
    default:
      return check.Wrong("scheduling", absl::StrCat("is ", entry.scheduling()),
                         "give FIRST_COME, PRIORITY or SHORTEST_PROMPT");
  }
  return absl::OkStatus();
}

absl::StatusOr<PoolRole> ReadRole(const FieldCheck& check, int role) {
  switch (role) {
    case proto::Pool::ROLE_UNSPECIFIED:
    case proto::Pool::BOTH:
      return PoolRole::kBoth;
    case proto::Pool::PREFILL:
      return PoolRole::kPrefill;
    case proto::Pool::DECODE:
      return PoolRole::kDecode;
    default:
      return check.Wrong("role", absl::StrCat("is ", role), "give BOTH, PREFILL or DECODE");
  }
}

absl::Status CheckDivides(const FieldCheck& check, const char* field, int degree,
                          absl::string_view whole_name, int whole) {
  if (whole % degree == 0) return absl::OkStatus();
  return check.Wrong(field, absl::StrCat("is ", degree),
                     absl::StrCat("give a divisor of ", whole_name, ", which is ", whole));
}

absl::Status CheckTensor(const FieldCheck& check, const Architecture& model, int tensor) {
  RETURN_IF_ERROR(CheckDivides(check, "tensor", tensor, "the model's heads", model.heads));
  const int kv_heads = model.kv_heads;
  const bool even_kv = tensor <= kv_heads ? kv_heads % tensor == 0 : tensor % kv_heads == 0;
  if (model.latent || even_kv) return absl::OkStatus();
  return check.Wrong(
      "tensor", absl::StrCat("is ", tensor),
      absl::StrCat("give a divisor or a multiple of the model's kv_heads, which is ", kv_heads));
}

absl::Status CheckExperts(const FieldCheck& check, const Architecture& model,
                          const ServingLayout& layout) {
  if (!model.experts) {
    if (layout.expert == 1 && layout.redundant_experts == 0) return absl::OkStatus();
    return check.Wrong(layout.expert > 1 ? "expert" : "redundant_experts", "is given",
                       absl::StrCat(model.name, " has no experts: leave it out"));
  }
  RETURN_IF_ERROR(CheckDivides(check, "expert", layout.expert, "tensor x attention_data",
                               layout.StageAccelerators()));
  const int experts = model.experts->experts + layout.redundant_experts;
  return CheckDivides(check, "expert", layout.expert, "the experts with their redundant copies",
                      experts);
}

absl::Status ReadPopularity(const FieldCheck& check, const proto::Pool& entry,
                            ServingLayout& layout) {
  if (!entry.has_expert_popularity_exponent()) return absl::OkStatus();
  const double exponent = entry.expert_popularity_exponent();
  RETURN_IF_ERROR(check.InRange("expert_popularity_exponent", exponent, 0, kSteepestPopularity));
  if (exponent > 0 && (layout.expert_load || layout.redundant_experts > 0)) {
    return check.Wrong("expert_popularity_exponent", "is given beside a load of the ranks",
                       "leave out expert_load_ratio and redundant_experts");
  }
  layout.popularity_exponent = exponent;
  return absl::OkStatus();
}

absl::Status ReadLayout(const FieldCheck& check, const proto::Pool& entry,
                        const Architecture& model, ServingLayout& layout) {
  const struct {
    const char* field;
    bool given;
    int value;
    int* result;
  } kDegrees[] = {{"tensor", entry.has_tensor(), entry.tensor(), &layout.tensor},
                  {"pipeline", entry.has_pipeline(), entry.pipeline(), &layout.pipeline},
                  {"attention_data", entry.has_attention_data(), entry.attention_data(),
                   &layout.attention_data},
                  {"expert", entry.has_expert(), entry.expert(), &layout.expert}};
  double accelerators = 1;
  for (const auto& degree : kDegrees) {
    RETURN_IF_ERROR(TakeDegree(check, degree.field, degree.given, degree.value, *degree.result));
    if (degree.result != &layout.expert) accelerators *= *degree.result;
  }
  RETURN_IF_ERROR(CheckRange(check.At(""), accelerators, 1, kMaxDegree));
  RETURN_IF_ERROR(check.InRange("pipeline", layout.pipeline, 1, model.layers));
  RETURN_IF_ERROR(CheckTensor(check, model, layout.tensor));
  RETURN_IF_ERROR(check.InRange("redundant_experts", entry.redundant_experts(), 0, 1e5));
  layout.redundant_experts = entry.redundant_experts();
  if (entry.has_expert_load_ratio()) {
    RETURN_IF_ERROR(
        check.InRange("expert_load_ratio", entry.expert_load_ratio(), 1, kMaxExpertLoad));
    layout.expert_load = entry.expert_load_ratio();
  }
  RETURN_IF_ERROR(ReadPopularity(check, entry, layout));
  RETURN_IF_ERROR(CheckExperts(check, model, layout));
  if (entry.has_accelerators_per_instance() &&
      entry.accelerators_per_instance() != layout.Accelerators()) {
    return check.Wrong(
        "accelerators_per_instance", absl::StrCat("is ", entry.accelerators_per_instance()),
        absl::StrCat("tensor x attention_data x pipeline is ", layout.Accelerators()));
  }
  return absl::OkStatus();
}

absl::StatusOr<AutoscaleRequest> ReadAutoscale(const FieldCheck& check,
                                               const proto::Autoscale& entry) {
  AutoscaleRequest scale;
  RETURN_IF_ERROR(check.InRange("min_instances", entry.min_instances(), 1, kMaxInstances));
  RETURN_IF_ERROR(
      check.InRange("max_instances", entry.max_instances(), entry.min_instances(), kMaxInstances));
  scale.min_instances = entry.min_instances();
  scale.max_instances = entry.max_instances();
  if (entry.has_add_load_ratio()) scale.add_load = entry.add_load_ratio();
  RETURN_IF_ERROR(check.InRange("add_load_ratio", scale.add_load, 0.01, 100));
  if (entry.has_drain_load_ratio()) scale.drain_load = entry.drain_load_ratio();
  RETURN_IF_ERROR(check.InRange("drain_load_ratio", scale.drain_load, 0, scale.add_load));
  RETURN_IF_ERROR(TakeSeconds(check, "start_s", entry.has_start_s(), entry.start_s(), scale.start));
  if (entry.has_interval_s()) {
    RETURN_IF_ERROR(check.InRange("interval_s", entry.interval_s(), 1e-3, kMaxWait));
    scale.interval = Seconds(entry.interval_s());
  }
  return scale;
}

absl::StatusOr<PoolRequest> ReadPool(const FieldCheck& check, const proto::Pool& entry,
                                     const Architecture& model, const EngineRequest& options) {
  PoolRequest pool;
  pool.place = check.At("");
  pool.options = options;
  ASSIGN_OR_RETURN(pool.role, ReadRole(check, entry.role()));
  pool.cluster = entry.cluster();
  pool.accelerator = entry.accelerator();
  RETURN_IF_ERROR(Take(check, "instances", entry.has_instances(), entry.instances(), 1,
                       kMaxInstances, pool.instances));
  RETURN_IF_ERROR(ReadLayout(check, entry, model, pool.layout));
  if (entry.has_autoscale()) {
    ASSIGN_OR_RETURN(pool.autoscale, ReadAutoscale(check.Inside("autoscale"), entry.autoscale()));
    const int most = pool.autoscale->max_instances;
    if (pool.instances &&
        (*pool.instances < pool.autoscale->min_instances || *pool.instances > most)) {
      return check.Wrong("instances", absl::StrCat("is ", *pool.instances),
                         absl::StrCat("give autoscale's ", pool.autoscale->min_instances, " to ",
                                      most, ", or leave it out"));
    }
  }
  if (entry.has_options()) {
    RETURN_IF_ERROR(ReadEngineOptions(check.Inside("options"), entry.options(), pool.options));
  }
  return pool;
}

// Every prompt needs somewhere to be read, every answer somewhere to be written.
absl::Status CheckRoles(const FieldCheck& check, const std::vector<PoolRequest>& pools) {
  bool both = false, prefill = false, decode = false;
  for (const PoolRequest& pool : pools) {
    both |= pool.role == PoolRole::kBoth;
    prefill |= pool.role == PoolRole::kPrefill;
    decode |= pool.role == PoolRole::kDecode;
  }
  if (both ? !prefill && !decode : prefill && decode) return absl::OkStatus();
  return check.Wrong("pools",
                     both ? "mix role BOTH with PREFILL or DECODE"
                          : absl::StrCat("have no pool of role ", prefill ? "DECODE" : "PREFILL"),
                     "give pools of role BOTH alone, or of PREFILL and DECODE");
}

}  // namespace

absl::Status ReadEngineOptions(const FieldCheck& check, const proto::EngineOptions& entry,
                               EngineRequest& options) {
  RETURN_IF_ERROR(Take(check, "token_budget", entry.has_token_budget(), entry.token_budget(), 1,
                       kMaxTokens, options.token_budget));
  RETURN_IF_ERROR(Take(check, "max_sequences", entry.has_max_sequences(), entry.max_sequences(), 1,
                       kMaxSequences, options.max_sequences));
  RETURN_IF_ERROR(Take(check, "block_tokens", entry.has_block_tokens(), entry.block_tokens(), 1,
                       65536, options.block_tokens));
  RETURN_IF_ERROR(Take(check, "cache_blocks", entry.has_cache_blocks(), entry.cache_blocks(), 1,
                       kMaxBlocks, options.cache_blocks));
  RETURN_IF_ERROR(Take(check, "static_batch", entry.has_static_batch(), entry.static_batch(), 0,
                       kMaxSequences, options.static_batch));
  RETURN_IF_ERROR(Take(check, "poll_steps", entry.has_poll_steps(), entry.poll_steps(), 1,
                       kMaxSequences, options.poll_steps));
  if (entry.has_chunked_prefill()) options.chunked_prefill = entry.chunked_prefill();
  if (entry.has_reserve_output()) options.reserve_output = entry.reserve_output();
  if (entry.has_prefix_cache()) options.prefix_cache = entry.prefix_cache();
  if (entry.has_memory_ratio()) {
    RETURN_IF_ERROR(check.InRange("memory_ratio", entry.memory_ratio(), 0.01, 1));
    options.memory_ratio = entry.memory_ratio();
  }
  return ReadChoices(check, entry, options);
}

absl::StatusOr<std::vector<PoolRequest>> ReadPools(const FieldCheck& check,
                                                   const proto::Serve& entry,
                                                   const Architecture& model) {
  RETURN_IF_ERROR(check.Given("pools", entry.pools_size() > 0,
                              "give at least one pool of instances, pools { tensor: 1 }"));
  EngineRequest options;
  if (entry.has_options()) {
    RETURN_IF_ERROR(ReadEngineOptions(check.Inside("options"), entry.options(), options));
  }
  std::vector<PoolRequest> pools;
  for (int i = 0; i < entry.pools_size(); ++i) {
    const FieldCheck here = check.Inside(absl::StrCat("pools[", i, "]"));
    ASSIGN_OR_RETURN(PoolRequest pool, ReadPool(here, entry.pools(i), model, options));
    pools.push_back(std::move(pool));
  }
  RETURN_IF_ERROR(CheckRoles(check, pools));
  return pools;
}

}  // namespace fleetsim
