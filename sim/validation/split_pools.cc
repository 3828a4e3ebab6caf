#include "sim/validation/split_pools.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/validation/case_fleet.h"

namespace fleetsim {
namespace {

// Tokens of a prefill worker's step in InferenceX's recipes: two prompts of 8,192 or sixteen of
// 1,024 (NVIDIA/srt-slurm, recipes: max_num_tokens 16,384 and 16,640, in FP8 8,192; SGLang's
// chunked-prefill-size 65,536 for four ranks).
constexpr int kPrefillTokens = 16384;

absl::StatusOr<PoolRequest> PoolOf(const WorkerGroup& group, PoolRole role,
                                   const Architecture& model) {
  PoolRequest pool;
  pool.role = role;
  pool.instances = group.workers;
  pool.layout.tensor = group.tensor;
  pool.layout.attention_data = group.attention_data;
  if (!model.experts) return pool;
  pool.layout.expert = std::min(group.expert, group.Accelerators());
  if (group.Accelerators() % pool.layout.expert == 0) return pool;
  return absl::UnimplementedError("expert degree does not divide the ranks of a worker");
}

// InferenceX's recipes for TensorRT-LLM on racks, and on B200 in 4 bits, are run up to or just
// above the clients that their decode workers hold, and name that batch: a power of two, or three
// times one with attention's data parallelism. In FP8 each number of clients has a recipe of its
// own (NVIDIA/srt-slurm, recipes/trtllm: ctx1_gen4_tep8_batch4 with 24, ctx1_gen4_tep8_batch16 with
// 84, ctx3_gen2_dep8_batch768 with 12,288), in NVFP4 one is swept (ctx1_gen4_tep8_batch32). Those
// for H200 and for B200 in FP8 have room for all.
int DecodeBatch(const ServingCase& point) {
  const WorkerGroup& decode = point.workers->decode;
  int clients = point.workers->most_clients;
  int own = 0;
  if (point.weight_format != "nvfp4" && absl::SimpleAtoi(point.load, &own)) clients = own;
  const int each = clients / (decode.workers * decode.attention_data);
  int batch = 1;
  while (2 * batch <= each) batch *= 2;
  if (decode.attention_data > 1 && batch / 2 * 3 == each) batch = each;
  return batch;
}

bool IsRunToItsBatch(const ServingCase& point) {
  if (point.benchmark != Benchmark::kInferenceX || point.workers->most_clients == 0) return false;
  if (!absl::StartsWithIgnoreCase(point.engine, "trtllm")) return false;
  const std::string system = absl::AsciiStrToLower(point.measured.accelerator);
  if (absl::StartsWith(system, "gb")) return true;
  return absl::StartsWith(system, "b200") && point.weight_format == "nvfp4";
}

// Hosts that so many workers take.
int HostsOf(const PoolRequest& pool, int of_host) {
  const int size = pool.layout.Accelerators();
  if (size > of_host) return *pool.instances * ((size + of_host - 1) / of_host);
  const int together = of_host / size;
  return (*pool.instances + together - 1) / together;
}

}  // namespace

absl::Status SetSplitPools(const ServingCase& point, ServingJob& job,
                           std::vector<std::string>& rules) {
  if (!point.workers) {
    return absl::UnimplementedError("split prefill and decode: numbers of workers not stated");
  }
  ASSIGN_OR_RETURN(PoolRequest prefill,
                   PoolOf(point.workers->prefill, PoolRole::kPrefill, job.model));
  ASSIGN_OR_RETURN(PoolRequest decode, PoolOf(point.workers->decode, PoolRole::kDecode, job.model));
  if (point.benchmark == Benchmark::kInferenceX) {
    prefill.options.token_budget = kPrefillTokens;
    rules.push_back(absl::StrCat("token budget of prefill: ", kPrefillTokens, ", as the recipes"));
    // Dynamo's frontend without a --router-mode.
    job.router.policy = RoutePolicy::kRoundRobin;
    rules.push_back("router: round robin, Dynamo's default");
  }
  if (IsRunToItsBatch(point)) {
    decode.options.max_sequences = DecodeBatch(point);
    rules.push_back(absl::StrCat("largest batch of a decode rank: ", *decode.options.max_sequences,
                                 ", a power of two of its recipe"));
  }
  job.pools = {prefill, decode};
  return absl::OkStatus();
}

absl::StatusOr<FleetRequest> SplitFleetOf(const MeasuredCase& measured, const ServingJob& job,
                                          const Catalog& catalog, std::vector<std::string>& rules) {
  MeasuredCase all = measured;
  all.per_node = std::min(8, *all.accelerators);
  Strategy strategy;
  strategy.tensor = *all.per_node;
  ASSIGN_OR_RETURN(FleetRequest fleet, FleetOf(all, strategy, catalog, rules));
  const int of_host = fleet.server->accelerators;
  if (*all.accelerators <= of_host) return fleet;
  fleet.hosts = 0;
  for (const PoolRequest& pool : job.pools) fleet.hosts += HostsOf(pool, of_host);
  return fleet;
}

}  // namespace fleetsim
