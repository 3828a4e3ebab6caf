#include "sim/serving/deployment.h"

namespace fleetsim {

namespace {

absl::Status Wrong(const Pool& pool, absl::string_view what, double found,
                   absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("pool \"", pool.name, "\": ", what, " is ", found, "; ", expected));
}

absl::Status CheckEngine(const Pool& pool) {
  const EngineOptions& engine = pool.engine;
  const struct {
    const char* what;
    double value;
  } positive[] = {{"max_sequences", 1.0 * engine.max_sequences},
                  {"token_budget", 1.0 * engine.token_budget},
                  {"block_tokens", 1.0 * engine.block_tokens},
                  {"blocks", static_cast<double>(engine.blocks)},
                  {"attention_ranks", 1.0 * engine.attention_ranks},
                  {"pipeline_stages", 1.0 * engine.pipeline_stages},
                  {"number of instances", 1.0 * pool.size()},
                  {"weight", pool.weight}};
  for (const auto& field : positive) {
    if (!(field.value > 0.0)) return Wrong(pool, field.what, field.value, "it is above 0");
  }
  if (!(engine.watermark >= 0.0 && engine.watermark < 1.0)) {
    return Wrong(pool, "watermark", engine.watermark, "it is a share of the blocks, below 1");
  }
  const bool swaps = engine.preemption == Preemption::kSwap;
  if (swaps && !(engine.host_bandwidth.value() > 0.0)) {
    return Wrong(pool, "host_bandwidth", engine.host_bandwidth.value(), "swapping takes a link");
  }
  if ((swaps || pool.role == PoolRole::kPrefill) && !(engine.kv_token.value() > 0.0)) {
    return Wrong(pool, "kv_token", engine.kv_token.value(), "a KV cache that moves has bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckPool(const Pool& pool) {
  RETURN_IF_ERROR(CheckEngine(pool));
  if (pool.model == nullptr || !(pool.model->TokensPerDecode() >= 1.0)) {
    return Wrong(pool, "tokens of a decode step", 0.0, "a step model gives at least 1");
  }
  for (const std::vector<int>& hosts : pool.instances) {
    if (hosts.empty()) return Wrong(pool, "hosts of an instance", 0.0, "it lies on 1 at least");
  }
  const Autoscaling& scaling = pool.autoscaling;
  if (scaling.min_instances == 0) return absl::OkStatus();
  if (scaling.min_instances < 0 || scaling.min_instances > pool.size()) {
    return Wrong(pool, "autoscaling.min_instances", scaling.min_instances,
                 absl::StrCat("there are ", pool.size()));
  }
  if (!(scaling.target_requests > 0.0) || !(scaling.interval.value() > 0.0)) {
    return Wrong(pool, "autoscaling target_requests or interval", 0.0, "both are above 0");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDeployment(const Deployment& deployment) {
  int whole = 0, prefill = 0, decode = 0, instances = 0;
  for (const Pool& pool : deployment.pools) {
    RETURN_IF_ERROR(CheckPool(pool));
    instances += pool.size();
    if (pool.engine.order != deployment.pools[0].engine.order) {
      return absl::InvalidArgumentError(absl::StrCat(
          "pool \"", pool.name, "\" orders requests unlike pool \"", deployment.pools[0].name,
          "\"; a request keeps its place from pool to pool"));
    }
    whole += pool.role == PoolRole::kBoth;
    prefill += pool.role == PoolRole::kPrefill;
    decode += pool.role == PoolRole::kDecode;
  }
  if (whole + prefill == 0) {
    return absl::InvalidArgumentError("no pool takes prompts; one of role WHOLE or PREFILL does");
  }
  if ((prefill > 0) != (decode > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat(prefill, " prefill and ", decode, " decode pools; one goes with the other"));
  }
  for (const Outage& outage : deployment.outages) {
    if (outage.instance < 0 || outage.instance >= instances) {
      return absl::InvalidArgumentError(absl::StrCat("outage of instance ", outage.instance,
                                                     "; there are ", instances, ", from 0"));
    }
  }
  return absl::OkStatus();
}

}  // namespace fleetsim
